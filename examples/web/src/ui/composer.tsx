/** Where people write. While the light is red it keeps the text, sends nothing and says why. */
import type { JSX } from "preact"
import { useId } from "preact/hooks"
import { strings } from "../strings.ts"
import { Blocked } from "./blocked.tsx"
import { useDesk } from "./desk.tsx"
import { Icon } from "./icons.tsx"

/** Enter sends, Shift+Enter breaks; Enter that ends a composition of an input method does neither. */
const isSendKey = (event: KeyboardEvent): boolean =>
  event.key === "Enter" && !event.shiftKey && !event.isComposing

const Field = ({ describedBy }: { describedBy: string }): JSX.Element => {
  const { model, actions } = useDesk()
  const blocked = model.blocked.value
  return (
    <textarea
      id={`${model.me.role}-composer`}
      class="field"
      rows={1}
      dir="auto"
      value={model.draft.value}
      // Read-only and not disabled: it keeps the focus, and its reason is read out.
      readOnly={blocked}
      aria-disabled={blocked}
      aria-label={strings.composer.label(model.peer.name)}
      aria-describedby={blocked ? `${model.me.role}-security ${describedBy}` : undefined}
      placeholder={blocked ? strings.composer.blocked : strings.composer.placeholder(model.peer.name)}
      onInput={(event) => {
        actions.write(event.currentTarget.value)
      }}
      onKeyDown={(event) => {
        if (!isSendKey(event)) return
        event.preventDefault()
        if (!blocked) void actions.send()
      }}
      onFocus={() => {
        actions.clearUnread()
      }}
    />
  )
}

export const Composer = (): JSX.Element => {
  const { model, actions } = useDesk()
  const reason = useId()
  const blocked = model.blocked.value
  return (
    <footer class="composer" data-blocked={blocked}>
      {blocked && <Blocked id={reason} />}
      <form
        class="composer-line"
        onSubmit={(event) => {
          event.preventDefault()
          if (!blocked) void actions.send()
        }}
      >
        <Field describedBy={reason} />
        <button
          type="submit"
          class="send"
          aria-label={strings.composer.send}
          disabled={blocked || model.draft.value.trim() === ""}
        >
          <Icon name="send" size={22} />
        </button>
      </form>
    </footer>
  )
}
