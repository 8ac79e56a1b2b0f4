/** The whole page: both people with the wire between them, or one person beside it. */
import type { ReadonlySignal, Signal } from "@preact/signals"
import { Fragment, type JSX } from "preact"
import type { Wire } from "../model/wire.ts"
import type { Role } from "../people.ts"
import { strings } from "../strings.ts"
import type { Desk } from "./desk.tsx"
import { Drawer } from "./drawer.tsx"
import { Guide } from "./guide.tsx"
import { Pane } from "./pane.tsx"
import { Tabs } from "./tabs.tsx"
import { TopBar } from "./top-bar.tsx"
import { WireStrip } from "./wire-strip.tsx"

export interface AppProps {
  readonly desks: readonly Desk[]
  readonly wire: Wire
  /** Whose pane is in front where there is room for one. */
  readonly chosen: Signal<Role>
  readonly isWide: ReadonlySignal<boolean>
}

export const App = ({ desks, wire, chosen, isWide }: AppProps): JSX.Element => {
  const models = desks.map(({ model }) => model)
  const isPair = desks.length > 1
  return (
    <div class="app" data-view={isPair ? "pair" : "single"}>
      {models.map(({ me }) => (
        <a key={me.role} class="skip" href={`#${me.role}-composer`}>
          {strings.pane.skip(me.name)}
        </a>
      ))}
      <TopBar />
      {isPair && <Guide models={models} />}
      <main class="main">
        {isPair && <Tabs models={models} chosen={chosen} />}
        <div class="stage">
          {desks.map((desk, index) => (
            <Fragment key={desk.model.me.role}>
              {index === 1 && <WireStrip wire={wire} />}
              <Pane desk={desk} shown={!isPair || isWide.value || chosen.value === desk.model.me.role} />
            </Fragment>
          ))}
          {!isPair && <WireStrip wire={wire} />}
        </div>
      </main>
      <Drawer desks={desks} />
    </div>
  )
}
