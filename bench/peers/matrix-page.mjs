/**
 * In a page: two devices of matrix-sdk-crypto-wasm, their keys exchanged as a homeserver would pass them on, a room of both, and
 * its messages: what an app calls for each. `direct` is the pairwise session beneath it. Stores in memory.
 */
import {
  CollectStrategy,
  DecryptionSettings,
  DeviceId,
  DeviceLists,
  EncryptionSettings,
  initAsync,
  OlmMachine,
  RequestType,
  RoomId,
  TrustRequirement,
  UserId,
} from "@matrix-org/matrix-sdk-crypto-wasm"

const ROOM = "!room:localhost"
const trust = () => new DecryptionSettings(TrustRequirement.Untrusted)
const settings = () => {
  const made = new EncryptionSettings()
  made.sharingStrategy = CollectStrategy.allDevices()
  // By default a hundred messages, then a new key for everybody: left out of the count.
  made.rotationPeriodMessages = 1_000_000n
  return made
}

/** Everything the two machines want from a server, answered from each other. */
async function person(name) {
  const user = `@${name}:localhost`
  const machine = await OlmMachine.initialize(new UserId(user), new DeviceId(name.toUpperCase()))
  const upload = (await machine.outgoingRequests()).find(({ type }) => type === RequestType.KeysUpload)
  const keys = JSON.parse(upload.body)
  const counts = { signed_curve25519: Object.keys(keys.one_time_keys).length }
  const answer = JSON.stringify({ one_time_key_counts: counts })
  await machine.markRequestAsSent(upload.id, upload.type, answer)
  return { machine, user, device: name.toUpperCase(), keys }
}
async function know(of, other) {
  await of.machine.updateTrackedUsers([new UserId(other.user)])
  const device_keys = { [other.user]: { [other.device]: other.keys.device_keys } }
  const answer = JSON.stringify({ device_keys, failures: {} })
  for (const { id, type } of await of.machine.outgoingRequests())
    if (type === RequestType.KeysQuery) await of.machine.markRequestAsSent(id, type, answer)
}
async function claim(of, other) {
  const request = await of.machine.getMissingSessions([new UserId(other.user)])
  const [[name, key]] = Object.entries(other.keys.one_time_keys)
  const one_time_keys = { [other.user]: { [other.device]: { [name]: key } } }
  await of.machine.markRequestAsSent(
    request.id,
    request.type,
    JSON.stringify({ one_time_keys, failures: {} }),
  )
}
const toDevice = (to, from, type, content) =>
  to.machine.receiveSyncChanges(
    JSON.stringify([{ sender: from.user, type, content }]),
    new DeviceLists(),
    new Map(),
    undefined,
    trust(),
  )

async function pair() {
  await initAsync()
  const [ada, bo] = [await person("ada"), await person("bo")]
  await know(ada, bo)
  await know(bo, ada)
  await claim(ada, bo)
  const users = [new UserId(bo.user)]
  for (const request of await ada.machine.shareRoomKey(new RoomId(ROOM), users, settings())) {
    const { messages } = JSON.parse(request.body)
    await toDevice(bo, ada, request.event_type, messages[bo.user][bo.device])
    await ada.machine.markRequestAsSent(request.id, request.type, "{}")
  }
  return [ada, bo]
}

const MESSAGE = "m.room.message"
export const tasks = {
  room: async ({ bytes }) => {
    const [ada, bo] = await pair()
    const body = "x".repeat(bytes)
    let number = 0
    return {
      work: async () => {
        const room = new RoomId(ROOM)
        const content = await ada.machine.encryptRoomEvent(
          room,
          MESSAGE,
          JSON.stringify({ msgtype: "m.text", body }),
        )
        const event = {
          ...{
            type: "m.room.encrypted",
            room_id: ROOM,
            event_id: `$${++number}:localhost`,
            sender: ada.user,
          },
          ...{ origin_server_ts: Date.now(), content: JSON.parse(content) },
        }
        const opened = await bo.machine.decryptRoomEvent(JSON.stringify(event), new RoomId(ROOM), trust())
        const { content: read } = JSON.parse(opened.event)
        opened.free()
        if (read.body !== body) throw new Error("another text")
      },
    }
  },
  direct: async ({ bytes }) => {
    const [ada, bo] = await pair()
    const body = "x".repeat(bytes)
    const device = await ada.machine.getDevice(new UserId(bo.user), new DeviceId(bo.device))
    return {
      work: async () => {
        const content = await device.encryptToDeviceEvent("m.test", { body }, CollectStrategy.allDevices())
        const [event] = await toDevice(bo, ada, "m.room.encrypted", JSON.parse(content))
        if (JSON.parse(event.rawEvent).content.body !== body) throw new Error("another text")
      },
    }
  },
}
