// @securechat/transport-ws/server: the relay's side.
export { type WebSocketListenerOptions, webSocketListener } from "./listener.ts"
export type { ConnectionLimits } from "./accepted.ts"
