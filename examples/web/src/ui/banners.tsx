/** What a pane has to say beside its messages: connection, refusals, held messages. */
import { useSignal } from "@preact/signals"
import type { JSX } from "preact"
import { useEffect } from "preact/hooks"
import { strings } from "../strings.ts"
import { useDesk } from "./desk.tsx"
import { Icon } from "./icons.tsx"

/** Seconds until `at`, counted down; absent when it has come. */
const useCountdown = (at: Date | undefined): number | undefined => {
  const now = useSignal(Date.now())
  useEffect(() => {
    const timer = setInterval(() => {
      now.value = Date.now()
    }, 1_000)
    return () => {
      clearInterval(timer)
    }
  }, [])
  const seconds = at === undefined ? 0 : Math.ceil((at.getTime() - now.value) / 1_000)
  return seconds > 0 ? seconds : undefined
}

const Lost = (): JSX.Element => {
  const seconds = useCountdown(useDesk().model.retryAt.value)
  return (
    <div class="banner" role="status">
      <Icon name="plug" />
      <p>
        {strings.offline.lost} {/* A number that ticks is not read out each second. */}
        <span aria-live="off">
          {seconds === undefined ? strings.offline.retrying : strings.offline.retryIn(seconds)}
        </span>
      </p>
    </div>
  )
}

const Cut = (): JSX.Element => {
  const { actions } = useDesk()
  return (
    <div class="banner" role="status">
      <Icon name="plug" />
      <p>{strings.offline.cut}</p>
      <button
        type="button"
        class="text-button"
        onClick={() => {
          actions.cut(false)
        }}
      >
        {strings.offline.restore}
      </button>
    </div>
  )
}

const Held = ({ count }: { count: number }): JSX.Element => {
  const { actions } = useDesk()
  return (
    <div class="banner" role="status">
      <Icon name="pause" />
      <p>{strings.change.held(count)}</p>
      <button type="button" class="text-button" onClick={() => void actions.sendHeld()}>
        {strings.action.sendHeld(count)}
      </button>
    </div>
  )
}

export const ConnectionBanner = (): JSX.Element | null => {
  const { model } = useDesk()
  if (model.cut.value) return <Cut />
  return model.lost.value ? <Lost /> : null
}

export const Notices = (): JSX.Element => {
  const { model, actions } = useDesk()
  const notice = model.notice.value
  const held = model.held.value.length
  return (
    <>
      {held > 0 && !model.blocked.value && <Held count={held} />}
      {notice !== undefined && (
        <div class="banner notice" role="alert">
          <Icon name="alert" />
          <p>{notice}</p>
          <button
            type="button"
            class="icon-button"
            aria-label={strings.dismiss}
            onClick={() => {
              actions.dismissNotice()
            }}
          >
            <Icon name="close" size={18} />
          </button>
        </div>
      )}
    </>
  )
}
