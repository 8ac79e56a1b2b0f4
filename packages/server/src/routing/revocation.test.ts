import { type Identity, certificateHash, createIdentity, deviceListHash } from "@securechat/core/identity"
import { LABELS, type Label, ed25519Sign, labelled } from "@securechat/core/primitives"
import {
  type Bytes,
  type DeviceCertificate,
  type DeviceList,
  type FrameOf,
  RELAY_CODE as CODE,
  certificateBody,
  certificateCodec,
  deviceListBody,
  deviceListCodec,
} from "@securechat/core/wire"
import { unsafeSeeded } from "@securechat/testkit"
import { describe, expect, it } from "vitest"
import { type Line, bench } from "../../test/support/bench.ts"
import type { RelayDecision, RelayIdentity } from "../auth/authorize.ts"

const { random } = unsafeSeeded(77)
const deps = { random, nowMs: () => 1 }

const signed = (by: Identity["accountSecret"], label: Label, body: Bytes): Bytes =>
  ed25519Sign(by.expose(), labelled(label, body))

/** The list above the one an identity has. */
const nextList = (own: Identity, change: Partial<Pick<DeviceList, "devices" | "revoked">>): DeviceList => {
  const version = own.list.version + 1
  const body = deviceListBody({
    ...own.list,
    ...change,
    version,
    previousHash: deviceListHash(own.list.body),
  })
  return deviceListCodec.decode(Buffer.concat([body, signed(own.accountSecret, LABELS.sigDeviceList, body)]))
}
/** A device as the account of another one names it. */
const adopted = (device: Identity, by: Identity): DeviceCertificate => {
  const body = certificateBody({ ...device.certificate, accountKey: by.certificate.accountKey })
  const signatures = [
    signed(by.accountSecret, LABELS.sigDeviceCert, body),
    signed(device.signingSecret, LABELS.sigDevicePop, body),
  ]
  return certificateCodec.decode(Buffer.concat([body, ...signatures]))
}
const revocation = (deviceId: Bytes): DeviceList["revoked"][number] => ({ deviceId, atMs: 1, reason: 0 })
const publishing = (line: Line, request: number, list: DeviceList): FrameOf<"publish"> => ({
  ...line.device.publish(request, { oneTime: 0, oneTimeKem: 0 }),
  list: list.bytes,
})

/** One account on two devices, both in its second list. */
const twoDevices = (): readonly [Identity, Identity] => {
  const [first, other] = [createIdentity(deps), createIdentity(deps)]
  const certificate = adopted(other, first)
  const certHash = certificateHash(certificate.body)
  const added = { deviceId: certificate.deviceId, certHash, addedAtMs: 1 }
  const list = nextList(first, { devices: [...first.list.devices, added] })
  const account = { accountId: first.accountId, accountSecret: first.accountSecret, list }
  return [
    { ...first, list },
    { ...other, ...account, certificate },
  ]
}

describe("a list that revokes", () => {
  it("takes mail, keys and connection from a device of its own account", async () => {
    const relay = bench()
    const [first, second] = twoDevices().map((identity) => relay.device(identity))
    if (first === undefined || second === undefined) throw new Error("no device")
    const [here, there] = [await relay.login(first), await relay.login(second)]
    await here.send(first.publish(3))
    await there.send(second.publish(3))
    await here.send(first.submit(4, second, new Uint8Array(1)))
    expect((await relay.mailbox.counts()).messages).toBe(1)
    const list = nextList(first.identity, { revoked: [revocation(second.deviceId)] })
    await here.send(publishing(here, 5, list))
    expect(here.answer(5)?.type).toBe("ok")
    expect(there.last("bye")?.code).toBe(CODE.revoked)
    expect((await relay.mailbox.counts()).messages).toBe(0)
    await here.send(first.submit(6, second, new Uint8Array(1)))
    expect(here.answer(6)).toMatchObject({ type: "nack", code: CODE.refused })
    const again = await relay.connect(second)
    await again.send(second.hello())
    const challenge = again.last("challenge")
    if (challenge === undefined) throw new Error("no challenge")
    await again.send(second.proof(challenge))
    expect(again.last("bye")?.code).toBe(CODE.revoked)
  })

  it("[R8] keeps out a device about which the app was deciding meanwhile", async () => {
    const [first, second] = twoDevices()
    let decide: (decision: RelayDecision) => void = () => undefined
    const waiting = new Promise<RelayDecision>((resolve) => {
      decide = resolve
    })
    const authorize = ({ deviceId }: RelayIdentity): Promise<RelayDecision> =>
      deviceId === second.deviceId ? waiting : Promise.resolve({ allow: true })
    const relay = bench({ auth: { authorize } })
    const here = await relay.login(relay.device(first))
    await here.send(here.device.publish(3))
    const there = await relay.login(relay.device(second))
    expect(there.last("ready")).toBeUndefined()
    const list = nextList(first, { revoked: [revocation(there.device.deviceId)] })
    await here.send(publishing(here, 4, list))
    decide({ allow: true })
    await relay.clock.advance(1)
    expect(there.last("ready")).toBeUndefined()
    expect(there.last("bye")?.code).toBe(CODE.revoked)
  })

  it("[R15] takes nothing from a device of another account, whatever it names", async () => {
    const relay = bench()
    const [mallory, bob, carol] = [await relay.join(), await relay.join(), await relay.join()]
    await carol.send(carol.device.submit(4, bob.device, new Uint8Array(1)))
    const stranger = [bob, carol].map((line) => line.device)
    const [named] = bob.device.identity.list.devices
    if (named === undefined) throw new Error("no device")
    const { identity } = mallory.device
    const claimed = nextList(identity, { devices: [...identity.list.devices, named] })
    await mallory.send(publishing(mallory, 5, claimed))
    const revoked = stranger.map((device) => revocation(device.deviceId))
    await mallory.send(publishing(mallory, 6, nextList({ ...identity, list: claimed }, { revoked })))
    expect([mallory.answer(5)?.type, mallory.answer(6)?.type]).toEqual(["ok", "ok"])
    expect([bob.closedWith, carol.closedWith]).toEqual([undefined, undefined])
    expect((await relay.mailbox.counts()).messages).toBe(1)
    await carol.send(carol.device.submit(7, bob.device, new Uint8Array(1)))
    expect(carol.answer(7)?.type).toBe("accepted")
  })

  it("is taken only on top of the newest: no version left out, no second one beside it", async () => {
    const relay = bench()
    const line = await relay.join()
    const { identity } = line.device
    const second = nextList(identity, {})
    const beside = nextList(identity, { revoked: [revocation(random(16))] })
    await line.send(publishing(line, 4, nextList({ ...identity, list: second }, {})))
    await line.send(publishing(line, 5, second))
    await line.send(publishing(line, 6, beside))
    await line.send(line.device.publish(7))
    const codes = [4, 5, 6, 7].map((request) => line.answer(request))
    expect(codes).toMatchObject([
      { type: "nack", code: CODE.refused },
      { type: "ok" },
      { type: "nack", code: CODE.refused },
      { type: "nack", code: CODE.refused },
    ])
  })
})
