/** On narrow screens the two panes take turns. Arrows move between the tabs. */
import type { Signal } from "@preact/signals"
import type { JSX } from "preact"
import type { PersonModel } from "../model/person.ts"
import { pillIcon, pillWord } from "../model/pill.ts"
import { otherRole, type Role } from "../people.ts"
import { strings } from "../strings.ts"
import { Avatar } from "./avatar.tsx"
import { Icon } from "./icons.tsx"

const Tab = ({ model, chosen }: { model: PersonModel; chosen: Signal<Role> }): JSX.Element => {
  const { role } = model.me
  const isChosen = chosen.value === role
  const unread = isChosen ? 0 : model.unread.value
  return (
    <button
      type="button"
      role="tab"
      id={`tab-${role}`}
      aria-selected={isChosen}
      aria-controls={`pane-${role}`}
      tabIndex={isChosen ? 0 : -1}
      onClick={() => {
        chosen.value = role
      }}
    >
      <Avatar person={model.me} small />
      {model.me.name}
      <span class="tab-level" data-level={model.security.value.level}>
        <Icon name={pillIcon(model.security.value)} size={16} />
        <span class="visually-hidden">{pillWord(model.security.value)}</span>
      </span>
      {unread > 0 && (
        <span class="badge" aria-label={strings.pane.unread(unread)}>
          {unread}
        </span>
      )}
    </button>
  )
}

export const Tabs = (props: { models: readonly PersonModel[]; chosen: Signal<Role> }): JSX.Element => (
  <div
    class="tabs"
    role="tablist"
    aria-label={strings.pane.tabs}
    onKeyDown={({ key }) => {
      if (key !== "ArrowLeft" && key !== "ArrowRight") return
      props.chosen.value = otherRole(props.chosen.value)
      document.getElementById(`tab-${props.chosen.value}`)?.focus()
    }}
  >
    {props.models.map((model) => (
      <Tab key={model.me.role} model={model} chosen={props.chosen} />
    ))}
  </div>
)
