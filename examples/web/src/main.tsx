/** Entry of the page. */
import { effect, signal } from "@preact/signals"
import { render } from "preact"
import { createWire } from "./model/wire.ts"
import type { Role } from "./people.ts"
import { readRoute, windowAddress } from "./route.ts"
import { pageTitle, placesFor } from "./start.ts"
import { App } from "./ui/app.tsx"

/** From here on both panes fit side by side. The same figure stands in `styles/layout.css`. */
const wide = matchMedia("(min-width: 900px)")
const isWide = signal(wide.matches)
wide.addEventListener("change", () => {
  isWide.value = wide.matches
})

const route = readRoute(new URL(location.href))
// A window without a demo id gets one, so that its address can be opened again and its peer's link fits.
if (route.view === "single") history.replaceState(undefined, "", windowAddress(route.role, route.demo))

const wire = createWire()
const chosen = signal<Role>("alice")
const places = placesFor(route, wire)

const root = document.getElementById("app")
if (root !== null) render(<App desks={places.map(({ desk }) => desk)} {...{ wire, chosen, isWide }} />, root)

effect(() => {
  document.title = pageTitle(
    route,
    places.reduce((sum, { desk }) => sum + desk.model.unread.value, 0),
  )
})

// Says goodbye to the relay while the page can still speak: the handles are free again at once.
addEventListener("pagehide", () => {
  for (const { seat } of places) void seat.stop()
})
// A page that comes back out of the browser's cache has said goodbye; its identities are gone with it.
addEventListener("pageshow", ({ persisted }) => {
  if (persisted) location.reload()
})

for (const { seat } of places) void seat.start()
