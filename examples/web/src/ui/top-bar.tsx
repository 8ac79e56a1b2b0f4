import type { JSX } from "preact"
import { strings } from "../strings.ts"
import { nextTheme, theme } from "../theme.ts"
import { Icon } from "./icons.tsx"

const THEME_ICONS = { system: "screen", light: "sun", dark: "moon" } as const

export const DRAWER_ID = "demo-drawer"

const ThemeButton = (): JSX.Element => {
  const label = strings.theme.label(strings.theme[theme.value])
  return (
    <button type="button" class="icon-button" aria-label={label} title={label} onClick={nextTheme}>
      <Icon name={THEME_ICONS[theme.value]} />
    </button>
  )
}

export const TopBar = (): JSX.Element => (
  <header class="top">
    <h1>
      <img src="/favicon.svg" alt="" width="28" height="28" />
      {strings.product}
    </h1>
    <p>{strings.tagline}</p>
    <ThemeButton />
    <button type="button" class="button" popovertarget={DRAWER_ID}>
      <Icon name="flask" size={18} /> {strings.demo.open}
    </button>
  </header>
)
