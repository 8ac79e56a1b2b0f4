import type { JSX } from "preact"
import { securitySentence } from "../sentences.ts"
import { strings } from "../strings.ts"
import { Avatar } from "./avatar.tsx"
import { useDesk } from "./desk.tsx"
import { Icon } from "./icons.tsx"
import { Pill } from "./pill.tsx"

const EncryptedSwitch = (): JSX.Element => {
  const { model, actions } = useDesk()
  const on = model.showTokens.value
  return (
    <button
      type="button"
      class="icon-button"
      role="switch"
      aria-checked={on}
      aria-label={strings.pane.encryptedForm}
      title={strings.pane.encryptedForm}
      onClick={() => {
        actions.showTokens(!on)
      }}
    >
      <Icon name="code" />
    </button>
  )
}

/** The status in a sentence, with its one action. Red has its action where the composer was. */
const SecurityLine = (): JSX.Element => {
  const { model, actions } = useDesk()
  const status = model.security.value
  return (
    <div class="security-line" data-level={status.level}>
      <p id={`${model.me.role}-security`}>{securitySentence(status, model.peer.name)}</p>
      {status.level === "yellow" && (
        <button type="button" class="text-button" onClick={() => void actions.compare()}>
          {strings.action.compare}
        </button>
      )}
    </div>
  )
}

export const ChatHeader = (): JSX.Element => {
  const { peer } = useDesk().model
  return (
    <header class="chat-header">
      <div class="chat-title">
        <Avatar person={peer} />
        <div class="chat-name">
          <h2>{peer.name}</h2>
          <span class="handle">{peer.handle}</span>
        </div>
        <Pill />
        <EncryptedSwitch />
      </div>
      <SecurityLine />
    </header>
  )
}
