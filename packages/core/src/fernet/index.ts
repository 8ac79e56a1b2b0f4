/** `@securechat/core/fernet`: Fernet tokens on their own, compatible with Python's `cryptography`. */
export { Fernet, type TtlOptions } from "./fernet.ts"
export { InvalidToken } from "./invalid-token.ts"
export { MultiFernet } from "./multi-fernet.ts"
