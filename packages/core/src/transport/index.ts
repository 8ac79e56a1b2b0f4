/** What an adapter and a relay need to move frames: the contract, the guard that keeps it, and the pipes that come along. */
export {
  CLOSE_TIMEOUT_MS,
  HEARTBEAT_MS,
  HEARTBEAT_TIMEOUT_MS,
  MAX_BUFFERED_BYTES,
  MAX_EARLY_EVENTS,
  MAX_FOREIGN_ATTACHMENTS,
  MAX_FOREIGN_PACKET_BYTES,
  MAX_FRAME_BYTES,
  MAX_SOCKETIO_ATTACHMENTS,
  MAX_SOCKETIO_TEXT_BYTES,
  MAX_WS_CHUNKS,
  MAX_WS_FRAGMENTS,
  SLOW_READER_MS,
} from "../limits.ts"
export { httpAddress, invalidOption, unconnectedError } from "./attempt.ts"
export { type BufferingSocket, drainOf } from "./drain.ts"
export {
  type GuardOptions,
  type GuardedConnection,
  type Medium,
  abortedError,
  guardConnection,
} from "./guard.ts"
export { memoryPipe } from "./memory.ts"
export { type MessagePortLike, type PipeOptions, messagePort, pipe } from "./pipe.ts"
export { type UpgradeRequest, originOf, pathOf, socketAddress } from "./request.ts"
export { type SlowReader, type SlowReaderOptions, slowReader } from "./slow-reader.ts"
export { type Timers, neverMind, platformTimers } from "./timers.ts"
export * from "./transport.ts"
export { wsFaultCode } from "./ws-fault.ts"
