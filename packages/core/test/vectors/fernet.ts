/** The specification's acceptance vectors, and our own on strictness, which alone decide about that. */
import { expect, it } from "vitest"
import { fromPaddedBase64url, toPaddedBase64url, utf8 } from "../../src/bytes/text.ts"
import type { Fernet } from "../../src/fernet/fernet.ts"
import { BACK_ENDS } from "../support/back-ends.ts"
import type { Vectors } from "./folder.ts"
import { over } from "./over.ts"

interface Generate {
  readonly token: string
  readonly now: string
  readonly iv: readonly number[]
  readonly src: string
  readonly secret: string
}
interface Verify {
  readonly desc?: string
  readonly token: string
  readonly now: string
  readonly ttl_sec: number
  readonly src?: string
  readonly secret: string
}
interface Strict {
  readonly desc: string
  readonly token: string
  readonly now_unix: number
  readonly ttl_sec: number | null
  readonly secret: string
  readonly expect: "accept" | "reject"
}

const seconds = (rfc3339: string): number => Date.parse(rfc3339) / 1000
const open = (fernet: Fernet, token: string, ttl: number | null, currentTime: number): Uint8Array =>
  ttl === null ? fernet.decrypt(token) : fernet.decryptAtTime(token, { ttl, currentTime })

export const fernetVectors = (vectors: Vectors): void => {
  it.each(BACK_ENDS)("fernet generate over %s", async (_name, p) => {
    const { seal } = await over(p, () => import("../../src/fernet/token.ts"))
    const { parseKey } = await over(p, () => import("../../src/fernet/key.ts"))
    const cases = vectors.json("fernet/generate.json") as readonly Generate[]
    for (const test of cases) {
      const head = { timestampSeconds: seconds(test.now), iv: Uint8Array.from(test.iv) }
      expect(toPaddedBase64url(seal(parseKey(test.secret), head, utf8(test.src)))).toBe(test.token)
    }
    vectors.ran("fernet/generate.json", cases.length, 1)
  })

  it.each(BACK_ENDS)("fernet verify over %s", async (_name, p) => {
    const { Fernet } = await over(p, () => import("../../src/fernet/index.ts"))
    const cases = vectors.json("fernet/verify.json") as readonly Verify[]
    for (const test of cases) {
      const fernet = new Fernet(test.secret)
      expect(open(fernet, test.token, test.ttl_sec, seconds(test.now))).toEqual(utf8(test.src ?? ""))
      expect(fernet.extractTimestamp(test.token)).toBe(seconds(test.now) - 1)
    }
    vectors.ran("fernet/verify.json", cases.length, 1)
  })

  it.each(BACK_ENDS)("fernet invalid over %s", async (_name, p) => {
    const { Fernet } = await over(p, () => import("../../src/fernet/index.ts"))
    const cases = vectors.json("fernet/invalid.json") as readonly Verify[]
    for (const test of cases)
      expect(
        () => open(new Fernet(test.secret), test.token, test.ttl_sec, seconds(test.now)),
        test.desc ?? "",
      ).toThrow(expect.objectContaining({ code: "ERR_INVALID_TOKEN", message: "invalid token" }))
    vectors.ran("fernet/invalid.json", cases.length, 8)
  })

  it.each(BACK_ENDS)("fernet strictness over %s", async (_name, p) => {
    const { Fernet } = await over(p, () => import("../../src/fernet/index.ts"))
    const cases = vectors.json("fernet/strict-own.json") as readonly Strict[]
    for (const test of cases) {
      const run = (): Uint8Array => open(new Fernet(test.secret), test.token, test.ttl_sec, test.now_unix)
      if (test.expect === "accept") expect(run, test.desc).not.toThrow()
      else expect(run, test.desc).toThrow(expect.objectContaining({ code: "ERR_INVALID_TOKEN" }))
      // An accepted token is the only spelling of its bytes.
      if (test.expect === "accept")
        expect(toPaddedBase64url(fromPaddedBase64url(test.token))).toBe(test.token)
    }
    vectors.ran("fernet/strict-own.json", cases.length, 38)
  })
}
