/**
 * From `hello` to a proof that holds: the steps before anybody is believed. Every refusal is the same
 * bye; nothing here allocates by a length field or writes a route. relay.md §4
 */
import { type FrameOf, PROTOCOL_VERSION, RELAY_CODE } from "@securechat/core/wire"
import type { Challenged, Greeting, Login } from "../relay/state.ts"
import { get } from "../relay/table.ts"
import { tokenText } from "../relay/text.ts"
import type { Turn } from "../relay/turn.ts"
import { refuseLogin } from "../routing/routes.ts"
import { checkProof } from "./challenge.ts"
import { admitLogin, isRevoked } from "./decision.ts"

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

const recordedCertificate =
  (turn: Turn) =>
  (account: string, device: string): Uint8Array | undefined =>
    get(turn.state.accounts, account)?.devices[device]?.certificate

/** The one proof a challenge is good for. */
export const onProof = (turn: Turn, challenged: Challenged, proof: FrameOf<"proof">): void => {
  const { id } = challenged
  const login = checkProof(challenged, proof, recordedCertificate(turn))
  if (login === undefined) {
    refuseLogin(turn, id, RELAY_CODE.refused, "refused")
    return
  }
  if (isRevoked(turn.state, login)) {
    refuseLogin(turn, id, RELAY_CODE.revoked, "revoked")
    return
  }
  // Counted only now: before the signature held, anybody could have used up the device's logins.
  if (turn.spend("deviceLogin", login.device) > 0) {
    refuseLogin(turn, id, RELAY_CODE.limited, "limited")
    return
  }
  ask(turn, challenged, proof, login)
}

/** The app decides where there is one, else everybody may enter. */
const ask = (turn: Turn, challenged: Challenged, proof: FrameOf<"proof">, login: Login): void => {
  const { id, address, origin, page, transport, heardAtMs, earlyBytes, offer } = challenged
  const peer = {
    id,
    address,
    origin,
    transport,
    heardAtMs,
    earlyBytes,
    ...(page === undefined ? {} : { page }),
  }
  const deciding = {
    ...peer,
    phase: "deciding",
    request: proof.request,
    login,
    cursor: offer.cursor,
  } as const
  turn.put(deciding)
  if (turn.context.hook) askApp(turn, deciding, login, proof.token)
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
  const handle = get(turn.state.presence, login.account)?.handles[0]
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
