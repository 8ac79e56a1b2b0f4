/** Tabs, or threads, of one origin: the adapter of the guide's last chapter, as it is written there. */
import { Buffer } from "node:buffer"
import type { Transport } from "@securechat/core"
import { bundled, docsBlock } from "../../support/docs.ts"
import type { StrangersRoom } from "./room.ts"

const PAGE = "docs/guide/8-your-own-transport.md"
export const broadcastAdapter = (): string => docsBlock(PAGE, "function broadcastChannel")

type Adapter = (name: string) => Transport
export const loadBroadcastAdapter = async (): Promise<Adapter> => {
  const code = await bundled(broadcastAdapter(), "node")
  const url = `data:text/javascript;base64,${Buffer.from(code).toString("base64")}`
  return ((await import(/* @vite-ignore */ url)) as { readonly broadcastChannel: Adapter }).broadcastChannel
}

let rooms = 0
export const broadcastRoom = async (): Promise<StrangersRoom> => {
  const adapter = await loadBroadcastAdapter()
  const name = `room-${(rooms += 1)}`
  const seen: Buffer[] = []
  const [talk, ear] = [new BroadcastChannel(name), new BroadcastChannel(name)]
  ear.onmessage = ({ data }: MessageEvent<Uint8Array | string>) => {
    seen.push(typeof data === "string" ? Buffer.from(data) : Buffer.from(data))
  }
  return {
    join: () => adapter(name),
    chat: (text) => {
      talk.postMessage(text)
      return Promise.resolve()
    },
    seen: () => Promise.resolve(Buffer.concat(seen)),
    [Symbol.asyncDispose]: () => {
      talk.close()
      ear.close()
      return Promise.resolve()
    },
  }
}
