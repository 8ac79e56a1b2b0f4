/** Why nothing can be sent, and what to do about it. One suggested step is filled, the other stays in reach. */
import { useSignal } from "@preact/signals"
import type { JSX } from "preact"
import { blockedSentence } from "../sentences.ts"
import { strings } from "../strings.ts"
import { useDesk } from "./desk.tsx"
import { Icon } from "./icons.tsx"

const CompareButton = ({ filled }: { filled: boolean }): JSX.Element => {
  const { actions } = useDesk()
  return (
    <button type="button" class={filled ? "button filled" : "button"} onClick={() => void actions.compare()}>
      {strings.action.compare}
    </button>
  )
}

/** The contact was never verified: taking the new key is the suggested step. */
const ChangedChoices = (): JSX.Element => {
  const { actions } = useDesk()
  return (
    <>
      <CompareButton filled={false} />
      <button type="button" class="button filled" onClick={() => void actions.accept()}>
        {strings.action.accept}
      </button>
    </>
  )
}

/** The contact was verified: accepting unseen takes one more step. */
const ViolationChoices = (): JSX.Element => {
  const { actions } = useDesk()
  const cannot = useSignal(false)
  return (
    <>
      <CompareButton filled />
      {cannot.value ? (
        <button type="button" class="button" onClick={() => void actions.accept()}>
          {strings.action.acceptAnyway}
        </button>
      ) : (
        <button
          type="button"
          class="text-button"
          onClick={() => {
            cannot.value = true
          }}
        >
          {strings.action.cannotCompare}
        </button>
      )}
    </>
  )
}

const Choices = (): JSX.Element | null => {
  const { model, actions } = useDesk()
  const { reason, action } = model.security.value
  if (reason === "identity-changed") return <ChangedChoices />
  if (reason === "verification-violation") return <ViolationChoices />
  const press = {
    verify: { word: strings.action.compare, run: () => void actions.compare() },
    accept: { word: strings.action.accept, run: () => void actions.accept() },
    retry: { word: strings.action.retry, run: () => void actions.meetAgain() },
    reset: { word: strings.action.reset, run: () => void actions.reset() },
    // This window keeps its keys in memory and is never locked; the way out of a lock is to begin anew.
    unlock: {
      word: strings.action.unlock,
      run: () => {
        location.reload()
      },
    },
    update: {
      word: strings.action.update,
      run: () => {
        location.reload()
      },
    },
  }
  if (action === undefined) return null
  return (
    <button type="button" class="button filled" onClick={press[action].run}>
      {press[action].word}
    </button>
  )
}

export const Blocked = ({ id }: { id: string }): JSX.Element => {
  const { model } = useDesk()
  const { reason } = model.security.value
  const held = model.held.value.length
  return (
    <div class="blocked" data-reason={reason}>
      <Icon name="lock-open" />
      <div>
        <p id={id}>
          {blockedSentence(model.security.value, model.peer.name)}
          {held > 0 && ` ${strings.change.held(held)}`}
        </p>
        <div class="choices">
          <Choices />
        </div>
      </div>
    </div>
  )
}
