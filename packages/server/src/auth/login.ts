/**
 * From `hello` to a proof that holds: the steps before anybody is believed. Every refusal is the same
 * bye; nothing here allocates by a length field or writes a route. relay.md §4
 */
import { type FrameOf, PROTOCOL_VERSION, RELAY_CODE } from "@securechat/core/wire"
import type { AnswerTo, QuestionOf } from "../relay/question.ts"
import type { Challenged, Greeting, Login, Proving } from "../relay/state.ts"
import { tokenText } from "../relay/text.ts"
import type { Turn } from "../relay/turn.ts"
import { refuseLogin } from "../routing/routes.ts"
import { checkProof, isCertified } from "./challenge.ts"
import { admitLogin } from "./decision.ts"

const MIN_VERSION: number = PROTOCOL_VERSION
const MAX_VERSION: number = PROTOCOL_VERSION

export const onHello = (turn: Turn, greeting: Greeting, hello: FrameOf<"hello">): void => {
  const { id, address } = greeting
  if (turn.state.draining) {
    refuseLogin(turn, id, RELAY_CODE.draining, "draining")
    return
  }
  if (turn.spend("login", address) > 0) {
    refuseLogin(turn, id, RELAY_CODE.limited, "limited")
    return
  }
  const version = Math.min(hello.maxVersion, MAX_VERSION)
  if (hello.minVersion > hello.maxVersion || version < Math.max(hello.minVersion, MIN_VERSION)) {
    refuseLogin(turn, id, RELAY_CODE.unsupported, "unsupported")
    return
  }
  const connection = turn.context.random(16)
  const nonce = turn.context.random(32)
  const timeMs = turn.nowMs
  turn.put({ ...greeting, phase: "challenged", offer: hello, version, connection, nonce, timeMs })
  const { origin } = greeting
  turn.send(id, { type: "challenge", request: hello.request, version, origin, connection, nonce, timeMs })
}

/** The one proof a challenge is good for. */
export const onProof = (turn: Turn, challenged: Challenged, proof: FrameOf<"proof">): void => {
  const {
    phase: _phase,
    version: _version,
    connection: _id,
    nonce: _nonce,
    timeMs: _time,
    ...rest
  } = challenged
  const { offer, ...peer } = rest
  const { id } = peer
  const login = checkProof(challenged, proof)
  if (login === undefined) {
    refuseLogin(turn, id, RELAY_CODE.refused, "refused")
    return
  }
  const { account, device } = login
  // Counted only now: before the signature held, anybody could have used up the device's logins.
  if (turn.spend("deviceLogin", device) > 0) {
    refuseLogin(turn, id, RELAY_CODE.limited, "limited")
    return
  }
  turn.put({ ...peer, phase: "proving", request: proof.request, login, cursor: offer.cursor })
  turn.ask(id, { ask: "login", account, device, token: proof.token }, [
    { bucket: "deviceLogin", owner: device, cost: 1 },
  ])
}

/** What the directory says of the device. Then the app decides where there is one, else everybody may enter. */
export const onRecognised = (
  turn: Turn,
  proving: Proving,
  { token }: QuestionOf<"login">,
  known: AnswerTo<"login">,
): void => {
  const { id } = proving
  if (!isCertified(proving.login, known.certificate)) {
    refuseLogin(turn, id, RELAY_CODE.refused, "refused")
    return
  }
  if (known.revoked) {
    refuseLogin(turn, id, RELAY_CODE.revoked, "revoked")
    return
  }
  const { oneTimeLeft, kemLeft, handle } = known
  const login = handle === undefined ? proving.login : { ...proving.login, handle }
  const deciding = { ...proving, phase: "deciding", login, stock: { oneTimeLeft, kemLeft } } as const
  turn.put(deciding)
  if (turn.context.hook) askApp(turn, deciding, login, token)
  else admitLogin(turn, deciding, { allow: true })
}

interface Applicant {
  readonly id: string
  readonly address: string
  readonly page?: string
}
/** Also for a new token of a connection that is ready. */
export const askApp = (turn: Turn, applicant: Applicant, login: Login, tokenBytes: Uint8Array): void => {
  const token = tokenText(tokenBytes)
  const { handle } = login
  turn.do({
    type: "authorize",
    id: applicant.id,
    who: {
      accountId: login.account,
      deviceId: login.device,
      address: applicant.address,
      ...(handle === undefined ? {} : { handle }),
      ...(token === undefined ? {} : { token }),
      ...(applicant.page === undefined ? {} : { origin: applicant.page }),
    },
  })
}
