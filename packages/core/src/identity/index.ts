/** Accounts, devices, their signed statements, and the safety number two people compare. */
export { checkCertificate, checkDevice, checkDeviceList, continuesList, listsDevice } from "./certificate.ts"
export { accountIdOfKey, certificateHash, deviceIdOfKey, deviceListHash } from "./ids.ts"
export { type Identity, type PublicIdentity, accountIdOf, createIdentity, publicIdentity } from "./keys.ts"
export { type OwnPrekey, checkPrekey, checkPrekeyDates, generatePrekey } from "./prekeys.ts"
export { type SafetyNumber, compareScanned, safetyNumber } from "./safety-number.ts"
export { signHandle, signLogin, verifyHandle, verifyLogin } from "./statements.ts"
