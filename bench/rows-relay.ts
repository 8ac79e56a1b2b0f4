/** The relay against a forwarder that checks nothing: 200 pairs, 512 B, accepted and acknowledged. */
import type { Contestant } from "./contestant.ts"
import type { Opponent, Row } from "./row.ts"

const LOAD = { pairs: 200, bytes: 512, window: 8 }
const load = (name: string, task: string): Contestant => ({
  name,
  module: "../tests/load/contest.ts",
  task,
  input: LOAD,
})
const bare: Contestant = load("ws, bare forwarder with acks", "bare")
const mosquitto: Opponent = {
  by: load("Mosquitto, publish and subscribe at QoS 1", "mosquitto"),
  target: { atLeast: 1 },
}

/** For information: what an app has that needs no more than this. */
const socketIo: Opponent = { by: load("socket.io, bare forwarder with acks", "socketIo") }

const row = (mailbox: string, ratio: number, rivals: readonly Opponent[], quick: boolean): Row => ({
  id: `relay-${mailbox}`,
  group: "relay",
  work: `relay, 512 B, 200 pairs, accepted and acknowledged, mailboxes in ${mailbox}`,
  unit: "messages per second of the server's processor",
  quick,
  slowness: 8,
  ours: load("securechat", mailbox),
  theirs: [{ by: bare, target: { atLeast: ratio } }, ...rivals],
})

export const RELAY_ROWS: readonly Row[] = [
  row("memory", 0.6, [mosquitto], true),
  row("redis", 0.4, [], true),
  row("sqlite", 0.4, [], false),
  { ...row("memory", 0.6, [], false), id: "relay-socketio", theirs: [socketIo] },
]
