import { afterEach, describe, expect, it, vi } from "vitest"
import { bytesOf } from "../../test/support/back-ends.ts"
import * as noble from "./noble.ts"
import type { Primitives } from "./primitives.ts"

/** `node.ts` on a Node that lacks what `missing` replaces: the platform is older, the code is the real one. */
const nodeWithout = async (missing: Readonly<Record<string, unknown>>): Promise<Primitives> => {
  vi.resetModules()
  vi.doMock("node:crypto", async (original) => ({ ...(await original<object>()), ...missing }))
  return import("./node.ts")
}

describe("the node back end", () => {
  afterEach(() => {
    vi.doUnmock("node:crypto")
    vi.resetModules()
  })

  it.each([
    ["before Node 24.7", { decapsulate: undefined }],
    [
      "over an OpenSSL without ML-KEM",
      {
        createPrivateKey: () => {
          throw new Error("unsupported")
        },
      },
    ],
  ])("computes ML-KEM with noble %s", async (_when, missing) => {
    const older = await nodeWithout(missing)
    const seed = bytesOf("seed", 64)
    const pair = older.mlKemKeyPair(seed)
    expect(pair).toEqual(noble.mlKemKeyPair(seed))
    const sealed = older.mlKemEncapsulate(pair.publicKey, bytesOf("m", 32))
    expect(older.mlKemDecapsulate(seed, sealed.ciphertext)).toEqual(sealed.sharedSecret)
  })
})
