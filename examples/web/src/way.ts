/** What carries the frames to the relay. The choice stands in the address, so that it survives a reload and goes along with links. */
import { signal, type ReadonlySignal } from "@preact/signals"
import type { Transport } from "@securechat/core"
import { webSocket } from "@securechat/transport-ws"

export const WAYS = ["websocket", "socketio"] as const
export type Way = (typeof WAYS)[number]

const PARAMETER = "over"

const inAddress = new URL(location.href).searchParams.get(PARAMETER)
const current = signal<Way>(WAYS.find((known) => known === inAddress) ?? "websocket")

export const way: ReadonlySignal<Way> = current

/** The address with the choice in it; what is usual stays unsaid. */
export const withWay = (address: string): string => {
  const url = new URL(address, location.href)
  if (current.value === "websocket") url.searchParams.delete(PARAMETER)
  else url.searchParams.set(PARAMETER, current.value)
  return url.pathname + url.search
}

export const chooseWay = (chosen: Way): void => {
  current.value = chosen
  history.replaceState(undefined, "", withWay(location.href))
}

const dial = async (): Promise<Transport> => {
  if (current.value === "websocket") return webSocket(location.origin)
  // Loaded by those who choose it: the first load is for everybody.
  const { socketIo } = await import("@securechat/transport-socketio")
  return socketIo(location.origin)
}

/** To this page's relay; each connection goes the way that is chosen when it begins. */
export const toRelay = (): Transport => ({
  name: "relay",
  origin: location.origin,
  connect: async (context) => (await dial()).connect(context),
})
