/** The part of core that a relay and an adapter may read: bytes on the wire, and nothing that decrypts. */
export * from "./address.ts"
export * from "./certificate.ts"
export * from "./device-list.ts"
export * from "./handle.ts"
export * from "./login.ts"
export * from "./prekey.ts"
export * from "./tags.ts"
export { type Codec, type Layout, codec } from "../bytes/codec.ts"
