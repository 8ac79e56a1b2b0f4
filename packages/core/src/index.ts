// The public surface of @securechat/core: named exports only.
export { SecureChannel } from "./channel/channel.ts"
export type * from "./channel/types.ts"
export { SecureChat } from "./client/client.ts"
export type * from "./client/types.ts"
export * from "./errors.ts"
export type * from "./runtime/types.ts"
export type {
  GreenReason,
  RedReason,
  SecurityAction,
  SecurityLevel,
  SecurityReason,
  SecurityStatus,
  YellowReason,
} from "./session/reasons.ts"
export { memoryStore } from "./store/memory.ts"
export type { StoreKey, StoreKeyContext, StorePassphrase, StoreSecret } from "./store/store-key.ts"
export type {
  ListOptions,
  SealOptions,
  SealedStore,
  Store,
  StoreMarker,
  StoreOp,
  StoreOpenOptions,
  StorePath,
} from "./store/store.ts"
export { memoryPipe } from "./transport/memory.ts"
export { type MessagePortLike, type PipeOptions, messagePort, pipe } from "./transport/pipe.ts"
export type {
  CloseInfo,
  Logger,
  Transport,
  TransportConnection,
  TransportContext,
} from "./transport/transport.ts"
export type { AccountId, ConversationId, DeviceId, MessageId, UserId } from "./wire/address.ts"
export type { Bytes } from "./deps.ts"
