/** The encryption pill: icon, word and color together. It draws `conversation.security` and holds nothing itself. */
import type { JSX } from "preact"
import { pillIcon, pillWord } from "../model/pill.ts"
import { strings } from "../strings.ts"
import { useDesk } from "./desk.tsx"
import { Icon } from "./icons.tsx"

export const Pill = (): JSX.Element => {
  const { model, actions } = useDesk()
  const status = model.security.value
  const word = pillWord(status)
  return (
    <button
      type="button"
      class="pill"
      data-level={status.level}
      data-reason={status.reason}
      aria-label={strings.pill.label(word, model.peer.name)}
      aria-haspopup="dialog"
      onClick={() => {
        if (status.level === "red") actions.explain()
        else void actions.compare()
      }}
    >
      {/* A new key per look: the change cross-fades, and green pulses once. */}
      <span class="pill-face" key={`${status.level} ${word}`}>
        <Icon name={pillIcon(status)} size={18} />
        <span>{word}</span>
      </span>
    </button>
  )
}
