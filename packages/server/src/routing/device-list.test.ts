import { certificateHash, deviceListHash } from "@securechat/core/identity"
import { LABELS, ed25519Sign, labelled } from "@securechat/core/primitives"
import {
  type Bytes,
  RELAY_CODE as CODE,
  certificateBody,
  certificateCodec,
  deviceListBody,
  deviceListCodec,
  devicesAnswerCodec,
} from "@securechat/core/wire"
import type { RelayDevice } from "@securechat/testkit"
import { describe, expect, it } from "vitest"
import { type Bench, type Line, bench } from "../../test/support/bench.ts"

const joined = (...parts: readonly Uint8Array[]): Bytes => new Uint8Array(Buffer.concat(parts))

interface ListChange {
  readonly version: number
  readonly previousHash: Bytes
  readonly issuedAtMs?: number
  readonly alsoListed?: readonly { readonly deviceId: Bytes; readonly certHash: Bytes }[]
  readonly revoked?: readonly Bytes[]
}

/** A list signed by the account of this device: itself, and whom else the test wants. */
const signedList = (owner: RelayDevice, change: ListChange): Bytes => {
  const { identity, accountId } = owner
  const { version, previousHash, issuedAtMs = 5, alsoListed = [], revoked = [] } = change
  const body = deviceListBody({
    accountId,
    version,
    previousHash,
    issuedAtMs,
    devices: [...identity.list.devices, ...alsoListed.map((device) => ({ ...device, addedAtMs: 1 }))],
    revoked: revoked.map((deviceId) => ({ deviceId, atMs: 2, reason: 1 })),
  })
  return joined(body, ed25519Sign(identity.accountSecret.expose(), labelled(LABELS.sigDeviceList, body)))
}
const hashOf = (list: Bytes): Bytes => deviceListHash(deviceListCodec.decode(list).body)

/** Another device of the owner's account, certified by its key. */
const secondDevice = (relay: Bench, owner: RelayDevice): RelayDevice => {
  const { identity } = relay.device()
  const fields = { ...identity.certificate, accountKey: owner.identity.certificate.accountKey }
  const body = certificateBody(fields)
  const bytes = joined(
    body,
    ed25519Sign(owner.identity.accountSecret.expose(), labelled(LABELS.sigDeviceCert, body)),
    ed25519Sign(identity.signingSecret.expose(), labelled(LABELS.sigDevicePop, body)),
  )
  const certificate = certificateCodec.decode(bytes)
  return relay.device({ ...identity, certificate, accountId: owner.identity.accountId })
}

const publishList = async (line: Line, request: number, list: Bytes): Promise<number> => {
  await line.send({ ...line.device.publish(request, { oneTime: 0, oneTimeKem: 0 }), list })
  const answer = line.answer(request)
  return answer?.type === "nack" ? answer.code : 0
}
const chain = async (line: Line, request: number, knownVersion: number): Promise<readonly number[]> => {
  await line.send({ type: "devices", request, accountId: line.device.accountId, knownVersion })
  const answer = line.answer(request)
  if (answer?.type !== "ok") throw new Error(JSON.stringify(answer))
  return devicesAnswerCodec.decode(answer.body).lists.map((list) => deviceListCodec.decode(list).version)
}

describe("a device list on record", () => {
  it("is followed only by the one directly on top of it", async () => {
    const { join } = bench()
    const line = await join()
    const first = line.device.identity.list.bytes
    const second = signedList(line.device, { version: 2, previousHash: hashOf(first) })
    expect(
      await publishList(line, 4, signedList(line.device, { version: 3, previousHash: hashOf(first) })),
    ).toBe(CODE.refused)
    expect(
      await publishList(line, 5, signedList(line.device, { version: 2, previousHash: hashOf(second) })),
    ).toBe(CODE.refused)
    expect(await publishList(line, 6, second)).toBe(0)
    expect(await publishList(line, 7, second)).toBe(0)
    expect(await publishList(line, 8, first)).toBe(CODE.refused)
    const fork = signedList(line.device, { version: 2, previousHash: hashOf(first), issuedAtMs: 6 })
    expect(await publishList(line, 9, fork)).toBe(CODE.refused)
    expect(await chain(line, 10, 0)).toEqual([1, 2])
    expect(await chain(line, 11, 1)).toEqual([2])
    expect(await chain(line, 12, 2)).toEqual([])
  })

  it("may begin in the middle of a chain, where the relay knows nothing", async () => {
    const { login } = bench()
    const line = await login()
    const seventh = signedList(line.device, { version: 7, previousHash: new Uint8Array(32).fill(1) })
    expect(await publishList(line, 3, seventh)).toBe(0)
    expect(await chain(line, 4, 0)).toEqual([7])
  })

  it("is given out as far as one frame holds, and the rest when asked for again", async () => {
    const { join } = bench({ limits: { buckets: { publish: { size: 200, perSecond: 1 } } } })
    const line = await join()
    const filler = Array.from({ length: 9 }, (_, i) => ({
      deviceId: new Uint8Array(16).fill(i),
      certHash: new Uint8Array(32).fill(i),
    }))
    const revoked = Array.from({ length: 32 }, (_, i) => new Uint8Array(16).fill(100 + i))
    let list: Bytes = line.device.identity.list.bytes
    for (let version = 2; version <= 70; version++) {
      list = signedList(line.device, { version, previousHash: hashOf(list), alsoListed: filler, revoked })
      expect(await publishList(line, version + 10, list)).toBe(0)
    }
    const first = await chain(line, 100, 0)
    const rest = await chain(line, 101, first.at(-1) ?? 0)
    expect(first.length).toBeLessThan(70)
    expect([...first, ...rest]).toEqual(Array.from({ length: 70 }, (_, i) => i + 1))
  })
})

describe("a second device", () => {
  const both = async (relay: Bench): Promise<readonly [Line, Line, Bytes]> => {
    const one = await relay.join()
    const other = await relay.login(secondDevice(relay, one.device))
    const { certificate } = other.device.identity
    const { deviceId } = other.device
    const list = signedList(one.device, {
      version: 2,
      previousHash: hashOf(one.device.identity.list.bytes),
      alsoListed: [{ deviceId, certHash: certificateHash(certificate.body) }],
    })
    expect(await publishList(one, 4, list)).toBe(0)
    expect(await publishList(other, 3, list)).toBe(0)
    expect(other.answer(3)?.type).toBe("ok")
    return [one, other, list]
  }

  it("is of the account when its list says so, and is connected beside the first", async () => {
    const relay = bench()
    const [one, other] = await both(relay)
    expect([one.closedWith, other.closedWith, relay.runtime.online]).toEqual([undefined, undefined, 2])
    await one.send(one.device.submit(9, other.device, new Uint8Array(1)))
    expect(one.answer(9)?.type).toBe("accepted")
    expect(other.all("deliver")).toHaveLength(1)
  })

  it("that is revoked loses connection, mail and keys, and is told so only after a valid signature", async () => {
    const relay = bench()
    const [one, other, list] = await both(relay)
    await one.send(one.device.submit(9, other.device, new Uint8Array(1)))
    const without = signedList(one.device, {
      version: 3,
      previousHash: hashOf(list),
      revoked: [other.device.deviceId],
    })
    expect(await publishList(one, 10, without)).toBe(0)
    expect(other.closedWith).toBe(4012)
    expect((await relay.mailbox.counts()).messages).toBe(0)
    expect((await relay.login(other.device)).closedWith).toBe(4012)
    const forger = await relay.connect(other.device)
    await forger.send(other.device.hello())
    const challenge = forger.last("challenge")
    if (challenge !== undefined)
      await forger.send({ ...other.device.proof(challenge), signature: new Uint8Array(64) })
    expect(forger.closedWith).toBe(4003)
    await one.send(one.device.submit(11, other.device, new Uint8Array(1)))
    expect(one.answer(11)).toMatchObject({ type: "nack", code: CODE.refused })
  })

  it("more than ten of one account are limited", async () => {
    const relay = bench({ limits: { connectionsPerAccount: 1 } })
    const one = await relay.join()
    const other = await relay.login(secondDevice(relay, one.device))
    expect(other.closedWith).toBe(4005)
    expect(relay.runtime.state.pendingTotal).toBe(0)
    expect((await relay.login(one.device)).last("ready")).toBeDefined()
  })
})
