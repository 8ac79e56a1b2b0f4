/** What a logged-in device may send, one small function per frame. relay.md §3 */
import { type Frame, type FrameName, type FrameOf, RELAY_CODE } from "@securechat/core/wire"
import { askApp } from "../auth/login.ts"
import { onAck } from "../mailbox/delivery.ts"
import { onSignal } from "../mailbox/signal.ts"
import { onSubmit } from "../mailbox/submit.ts"
import { onHandleGet, onHandleSet } from "../routing/handles.ts"
import { onClaim, onDevices } from "../routing/lookup.ts"
import { onPublish } from "../routing/publish.ts"
import { depart, end } from "../routing/routes.ts"
import type { Ready } from "./state.ts"
import type { Turn } from "./turn.ts"

/** A new token of the app; without an app every token is as good. */
const onToken = (turn: Turn, ready: Ready, frame: FrameOf<"token">): void => {
  if (!turn.context.hook) {
    turn.send(ready.id, { type: "ok", request: frame.request, body: new Uint8Array(0) })
    return
  }
  if (ready.tokenRequest !== undefined) {
    turn.nack(ready.id, frame.request, RELAY_CODE.limited, turn.limits.hookMs)
    return
  }
  turn.put({ ...ready, tokenRequest: frame.request })
  askApp(turn, ready, ready.login, frame.token)
}

/** A clean leave: its handles are free at once where they are not kept. */
const onBye = (turn: Turn, ready: Ready): void => {
  depart(turn, ready.id, true)
  turn.do({ type: "close", id: ready.id, code: 1000 })
}

/** Frames that want an answer carry a number above every earlier one. */
const ANSWERED: ReadonlySet<FrameName> = new Set<FrameName>([
  "token",
  "publish",
  "devices",
  "claim",
  "handleSet",
  "handleGet",
  "submit",
])

/** The connection as this frame leaves it; undefined: its number is wrong. */
const numbered = (turn: Turn, ready: Ready, frame: Frame): Ready | undefined => {
  const heard = { ...ready, heardAtMs: turn.nowMs }
  if (!ANSWERED.has(frame.type)) return heard
  return frame.request > ready.lastRequest ? { ...heard, lastRequest: frame.request } : undefined
}

export const onRequest = (turn: Turn, before: Ready, frame: Frame): void => {
  const connection = numbered(turn, before, frame)
  if (connection === undefined) {
    end(turn, before.id, RELAY_CODE.malformed)
    return
  }
  // The two of every message put it themselves, with what else they change.
  if (frame.type === "submit") onSubmit({ turn, connection, frame })
  else if (frame.type === "ack") onAck(turn, connection, frame)
  else {
    turn.put(connection)
    dispatch(turn, connection, frame)
  }
}

const dispatch = (turn: Turn, connection: Ready, frame: Exclude<Frame, FrameOf<"submit" | "ack">>): void => {
  switch (frame.type) {
    case "ping":
      turn.send(connection.id, { ...frame, type: "pong" })
      return
    case "pong":
      return
    case "bye":
      onBye(turn, connection)
      return
    case "token":
      onToken(turn, connection, frame)
      return
    case "publish":
      onPublish({ turn, connection, frame })
      return
    case "devices":
      onDevices({ turn, connection, frame })
      return
    case "claim":
      onClaim({ turn, connection, frame })
      return
    case "handleSet":
      onHandleSet({ turn, connection, frame })
      return
    case "handleGet":
      onHandleGet({ turn, connection, frame })
      return
    case "signal":
      onSignal(turn, connection, frame)
      return
    default:
      // A frame of the login, or one that only the relay sends.
      end(turn, connection.id, RELAY_CODE.malformed)
  }
}
