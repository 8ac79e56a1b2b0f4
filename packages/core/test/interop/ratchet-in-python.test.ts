/**
 * A message of a session is a standard Fernet token: Python's `cryptography` opens it with its one-time key, and
 * stops opening it when any bit of the header flips, since the key is derived from the header.
 */
import { spawnSync } from "node:child_process"
import { describe, expect, it } from "vitest"
import { toPaddedBase64url } from "../../src/bytes/text.ts"
import { advance, associatedData, messageFernetKey } from "../../src/ratchet/chain.ts"
import { decodePayload } from "../../src/session/payload.ts"
import type { Bytes } from "../../src/deps.ts"
import { fromHex, fromUtf8 } from "../../src/bytes/text.ts"
import { decodeEnvelope } from "../../src/wire/envelope.ts"
import { Party } from "../support/party.ts"

const PYTHON = process.env["SECURECHAT_PYTHON"] ?? "/usr/bin/python3"
const SCRIPT = `
import sys
from cryptography.fernet import Fernet, InvalidToken
for line in sys.stdin:
    key, token = line.split()
    try:
        print(Fernet(key).decrypt(token.encode()).hex())
    except InvalidToken:
        print("invalid")
`
const openInPython = (pairs: readonly (readonly [Bytes, Bytes])[]): readonly string[] => {
  const input = pairs
    .map(([key, token]) => `${toPaddedBase64url(key)} ${toPaddedBase64url(token)}\n`)
    .join("")
  const done = spawnSync(PYTHON, ["-c", SCRIPT], { input, encoding: "utf8" })
  if (done.status !== 0) throw new Error(`python failed: ${done.stderr}`)
  return done.stdout.trim().split("\n")
}

describe.skipIf(PYTHON === "")("a ratchet message in Python", () => {
  it("opens with its one-time key, and not with the key of any header with one bit flipped", () => {
    const [alice, bob] = [new Party(1), new Party(2)]
    alice.begin(bob.bundle())
    bob.receive(alice.sendText("hi"))
    alice.receive(bob.sendText("hello"))
    alice.sendText("a turn of her own")
    const ratchet = alice.link.sessions[0]?.ratchet
    const chainKey = ratchet?.sending?.chainKey
    if (ratchet === undefined || chainKey === undefined) throw new Error("no sending chain")
    const { header, token } = decodeEnvelope(alice.sendText("read me in Python"))
    const { messageKey } = advance(chainKey)
    const associated = associatedData(ratchet.associated, ratchet.role)
    const keyFor = (bytes: Bytes): Bytes => messageFernetKey(messageKey, associated, bytes)
    const flipped = Array.from({ length: header.length * 8 }, (_, bit) => {
      const changed = header.slice()
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      return [keyFor(changed), token] as const
    })
    const [genuine, ...forged] = openInPython([[keyFor(header), token], ...flipped])
    expect(fromUtf8(decodePayload(fromHex(genuine ?? ""), true).content)).toBe("read me in Python")
    expect(forged).toHaveLength(header.length * 8)
    expect(new Set(forged)).toEqual(new Set(["invalid"]))
  })
})
