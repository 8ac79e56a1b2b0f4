import { describe, expect, it } from "vitest"
import { fromHex, toHex, utf8 } from "../bytes/text.ts"
import { expand, hkdfExpand, hkdfExtract, kdf } from "./hkdf.ts"
import { LABELS, labelled } from "./labels.ts"

const NONE = new Uint8Array(0)
const range = (from: number, to: number): Uint8Array =>
  Uint8Array.from({ length: to - from }, (_, i) => from + i)

describe("HKDF-SHA-256", () => {
  it("derives RFC 5869 A.1", () => {
    const prk = hkdfExtract(range(0, 13), new Uint8Array(22).fill(0x0b))
    expect(toHex(prk)).toBe("077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5")
    expect(toHex(hkdfExpand(prk, range(0xf0, 0xfa), 42))).toBe(
      "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865",
    )
  })

  it("derives RFC 5869 A.2, longer than one block everywhere", () => {
    const prk = hkdfExtract(range(0x60, 0xb0), range(0, 0x50))
    expect(toHex(hkdfExpand(prk, range(0xb0, 0x100), 82))).toBe(
      "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c59045a99cac7827271cb41c65e590e09" +
        "da3275600c2f09b8367793a9aca3db71cc30c58179ec3e87c14c01d5c1f3434f1d87",
    )
  })

  it("derives RFC 5869 A.3, without salt and info", () => {
    const prk = hkdfExtract(NONE, new Uint8Array(22).fill(0x0b))
    expect(toHex(prk)).toBe("19ef24a32c717b167f33a91d6f648bdf96596776afdb6377ac434c1c293ccb04")
    expect(prk).toEqual(hkdfExtract(new Uint8Array(32), new Uint8Array(22).fill(0x0b)))
    expect(toHex(hkdfExpand(prk, NONE, 42))).toBe(
      "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8",
    )
  })

  it("gives as many bytes as asked, each a beginning of the longest", () => {
    const prk = fromHex("11".repeat(32))
    const longest = hkdfExpand(prk, NONE, 8160)
    for (const length of [0, 1, 31, 32, 33, 64, 8159])
      expect(hkdfExpand(prk, NONE, length)).toEqual(longest.slice(0, length))
  })

  it("refuses to wrap its block counter", () => {
    expect(() => hkdfExpand(new Uint8Array(32), NONE, 8161)).toThrow(
      expect.objectContaining({ code: "ERR_LIMIT" }),
    )
  })
})

describe("a labelled derivation", () => {
  it("is HKDF with the label, a zero byte and the context as info", () => {
    const prk = hkdfExtract(utf8("salt"), utf8("secret"))
    const info = fromHex(`${toHex(utf8("securechat/v1/fernet"))}00${toHex(utf8("context"))}`)
    expect(labelled(LABELS.fernet, utf8("con"), utf8("text"))).toEqual(info)
    expect(expand(prk, LABELS.fernet, utf8("context"), 32)).toEqual(hkdfExpand(prk, info, 32))
    const input = { ikm: utf8("secret"), salt: utf8("salt"), label: LABELS.fernet, context: utf8("context") }
    expect(kdf(input, 32)).toEqual(hkdfExpand(prk, info, 32))
  })

  it("differs for every label and for every context", () => {
    const prk = new Uint8Array(32).fill(1)
    const outputs = Object.values(LABELS).map((label) => toHex(expand(prk, label, NONE, 32)))
    outputs.push(toHex(expand(prk, LABELS.fernet, Uint8Array.of(0), 32)))
    expect(new Set(outputs).size).toBe(Object.keys(LABELS).length + 1)
  })
})

describe("the labels", () => {
  it("are unique, printable ASCII without NUL, and none begins another with a separator", () => {
    const all = Object.values<string>(LABELS)
    expect(new Set(all).size).toBe(all.length)
    for (const label of all) expect(label).toMatch(/^securechat\/v1\/[a-z0-9/+-]+$/)
  })
})
