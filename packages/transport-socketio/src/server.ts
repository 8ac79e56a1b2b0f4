// @securechat/transport-socketio/server: the relay's side.
export { type SocketIoListenerOptions, socketIoListener } from "./listener.ts"
export type { ConnectionLimits } from "./accepted.ts"
