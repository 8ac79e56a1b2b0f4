/** Persistence of a pinned device list: the account key, then the list as received. */
import { type Codec, codec } from "../bytes/codec.ts"
import { KEY_BYTES } from "../wire/certificate.ts"
import { deviceListLayout } from "../wire/device-list.ts"
import type { KnownList } from "./directory.ts"

export const knownListCodec: Codec<KnownList> = /* @__PURE__ */ codec<KnownList>({
  write: (out, known) => {
    out.fixed(known.accountKey, KEY_BYTES)
    deviceListLayout.write(out, known.list)
  },
  read: (input) => ({ accountKey: input.take(KEY_BYTES), list: deviceListLayout.read(input) }),
})
