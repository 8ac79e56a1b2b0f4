/** Light, dark or as the system says. `public/theme.js` reads the stored value before the first paint. */
import { signal, type ReadonlySignal } from "@preact/signals"
import { remember } from "./remember.ts"

type Theme = "system" | "light" | "dark"

const KEY = "securechat.theme"
const NEXT: Readonly<Record<Theme, Theme>> = { system: "light", light: "dark", dark: "system" }

const shown = document.documentElement.dataset["theme"]
const current = signal<Theme>(shown === "light" || shown === "dark" ? shown : "system")

export const theme: ReadonlySignal<Theme> = current

export const nextTheme = (): void => {
  current.value = NEXT[current.value]
  if (current.value === "system") delete document.documentElement.dataset["theme"]
  else document.documentElement.dataset["theme"] = current.value
  remember(KEY, current.value)
}
