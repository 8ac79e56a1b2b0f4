/**
 * A sealed stream as a stranger writes it from `docs/wire-format.md` alone: HKDF and AES-GCM of Python's `cryptography`. Each
 * side opens what the other sealed, and refuses what the other refuses.
 */
import { spawnSync } from "node:child_process"
import { describe, expect, it } from "vitest"
import { fromHex, toHex } from "../../src/bytes/text.ts"
import { openStream } from "../../src/stream/open.ts"
import { sealStream } from "../../src/stream/seal.ts"
import { bytesOf, flipped } from "../support/back-ends.ts"
import { seededDeps } from "../support/seeded.ts"
import { collect } from "../support/streams.ts"

const PYTHON = process.env["SECURECHAT_PYTHON"] ?? "/usr/bin/python3"
const SCRIPT = `
import hmac, os, sys
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

CHUNK = 65536

def derive(secret, salt, label, clear):
    info = b"securechat/v1/" + label + b"\\0" + clear
    return HKDF(SHA256(), 32, salt, info).derive(secret)

def seal(secret, purpose, content):
    clear = b"SCST" + bytes([1, purpose, 16, 0])
    salt = os.urandom(32)
    cipher = AESGCM(derive(secret, salt, b"stream-key", clear))
    parts = [content[at : at + CHUNK] for at in range(0, len(content), CHUNK)] or [b""]
    sealed = clear + salt + derive(secret, salt, b"stream-commit", clear)
    for i, part in enumerate(parts):
        nonce = i.to_bytes(11, "big") + bytes([i == len(parts) - 1])
        sealed += cipher.encrypt(nonce, part, None)
    return sealed

def open_(secret, purpose, sealed):
    clear, salt, commit, body = sealed[:8], sealed[8:40], sealed[40:72], sealed[72:]
    if clear != b"SCST" + bytes([1, purpose, 16, 0]): return None
    if not hmac.compare_digest(commit, derive(secret, salt, b"stream-commit", clear)): return None
    cipher = AESGCM(derive(secret, salt, b"stream-key", clear))
    parts = [body[at : at + CHUNK + 16] for at in range(0, len(body), CHUNK + 16)]
    content = b""
    try:
        for i, part in enumerate(parts):
            nonce = i.to_bytes(11, "big") + bytes([i == len(parts) - 1])
            content += cipher.decrypt(nonce, part, None)
    except (InvalidTag, ValueError): return None
    return content if parts else None

for line in sys.stdin:
    do, secret, purpose, data = line.rstrip("\\n").split(" ")
    answer = {"seal": seal, "open": open_}[do](bytes.fromhex(secret), int(purpose), bytes.fromhex(data))
    print("refused" if answer is None else answer.hex())
`
type Question = readonly ["seal" | "open", data: Uint8Array]
const what = { secret: bytesOf("secret", 32), purpose: "file" } as const

const inPython = (questions: readonly Question[]): readonly string[] => {
  const input = questions.map(([verb, data]) => `${verb} ${toHex(what.secret)} 1 ${toHex(data)}\n`).join("")
  const done = spawnSync(PYTHON, ["-c", SCRIPT], { input, encoding: "utf8", maxBuffer: 2 ** 28 })
  if (done.status !== 0) throw new Error(`python failed: ${done.stderr}`)
  return done.stdout.replace(/\n$/, "").split("\n")
}

const CHUNK = 65_536
const CONTENTS = [0, 1, 15, 16, 1_000, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK, 3 * CHUNK + 1].map((size) =>
  bytesOf("content", size),
)

describe.skipIf(PYTHON === "")("a sealed stream in Python", () => {
  it("opens what we sealed, at every size around a chunk", async () => {
    const sealed = await Promise.all(
      CONTENTS.map((content, i) => collect(sealStream([content], what, seededDeps(i)))),
    )
    expect(inPython(sealed.map((bytes) => ["open", bytes]))).toEqual(CONTENTS.map(toHex))
  })

  it("is opened by us", async () => {
    const sealed = inPython(CONTENTS.map((content) => ["seal", content]))
    const opened = await Promise.all(sealed.map((hex) => collect(openStream([fromHex(hex)], what))))
    expect(opened.map(toHex)).toEqual(CONTENTS.map(toHex))
  })

  it("refuses what we refuse: every byte of a head, and cut, changed, moved and lengthened chunks", async () => {
    const bytes = await collect(sealStream([bytesOf("content", 2 * CHUNK)], what, seededDeps(20)))
    const body = 72 + CHUNK + 16
    const [head, a, b] = [bytes.subarray(0, 72), bytes.subarray(72, body), bytes.subarray(body)]
    const broken = [
      ...Array.from({ length: 72 }, (_, at) => flipped(bytes.subarray(0, 72 + 16), at)),
      ...[
        flipped(bytes, 72),
        flipped(bytes, body - 1),
        flipped(bytes, body),
        flipped(bytes, bytes.length - 1),
      ],
      ...[head, bytes.subarray(0, body), bytes.subarray(0, -1), bytes.subarray(0, body + 16)],
      ...[
        [head, b, a],
        [head, a, a, b],
        [head, b],
        [head, a, b, b],
      ].map((parts) => Buffer.concat(parts)),
    ]
    expect(new Set(inPython(broken.map((one) => ["open", one])))).toEqual(new Set(["refused"]))
    for (const one of broken) await expect(collect(openStream([one], what))).rejects.toThrow()
  })
})
