/** Things to try: real faults, made through public interfaces. A native popover: Escape and a click beside it close it. */
import type { JSX } from "preact"
import { strings } from "../strings.ts"
import type { Desk } from "./desk.tsx"
import { Icon } from "./icons.tsx"
import { DRAWER_ID } from "./top-bar.tsx"
import { WayChoice } from "./way-choice.tsx"

const closeDrawer = (): void => {
  document.getElementById(DRAWER_ID)?.hidePopover()
}

const NewIdentity = ({ desk: { model, actions } }: { desk: Desk }): JSX.Element => (
  <div class="trial">
    <button
      type="button"
      class="button"
      data-action={`renew-${model.me.role}`}
      onClick={() => {
        closeDrawer()
        void actions.renew()
      }}
    >
      <Icon name="key" size={18} /> {strings.demo.identity(model.me.name)}
    </button>
    <p>{strings.demo.identityText(model.me.name, model.peer.name)}</p>
  </div>
)

const OfflineSwitch = ({ desk: { model, actions } }: { desk: Desk }): JSX.Element => (
  <div class="trial">
    <button
      type="button"
      class="button"
      role="switch"
      aria-checked={model.cut.value}
      data-action={`cut-${model.me.role}`}
      onClick={() => {
        actions.cut(!model.cut.value)
      }}
    >
      <Icon name="plug" size={18} /> {strings.demo.offline(model.me.name)}
    </button>
  </div>
)

export const Drawer = ({ desks }: { desks: readonly Desk[] }): JSX.Element => (
  <div id={DRAWER_ID} class="drawer" popover="auto" role="dialog" aria-label={strings.demo.title}>
    <div class="drawer-head">
      <h2>{strings.demo.title}</h2>
      <button type="button" class="icon-button" aria-label={strings.demo.close} onClick={closeDrawer}>
        <Icon name="close" />
      </button>
    </div>
    {/* Bob first: Alice's pane is where people look. */}
    {desks.toReversed().map((desk) => (
      <NewIdentity key={desk.model.me.role} desk={desk} />
    ))}
    <hr />
    {desks.map((desk) => (
      <OfflineSwitch key={desk.model.me.role} desk={desk} />
    ))}
    <p>{strings.demo.offlineText}</p>
    <hr />
    <WayChoice desks={desks} />
  </div>
)
