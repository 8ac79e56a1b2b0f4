/** Three quiet hints over the two panes, ticked off by doing. Closed once, they stay away. */
import { useSignal } from "@preact/signals"
import type { JSX } from "preact"
import type { PersonModel } from "../model/person.ts"
import { recall, remember } from "../remember.ts"
import { strings } from "../strings.ts"
import { Icon } from "./icons.tsx"

const KEY = "securechat.guide"

const looked = (model: PersonModel): boolean => model.showTokens.value || model.flipped.value.size > 0

const Step = ({ text, done, number }: { text: string; done: boolean; number: number }): JSX.Element => (
  <li data-done={done}>
    <span class="step-mark" aria-hidden="true">
      {done ? <Icon name="check" size={14} /> : number}
    </span>
    {text}
    {done && <span class="visually-hidden">: {strings.guide.done}</span>}
  </li>
)

export const Guide = ({ models }: { models: readonly PersonModel[] }): JSX.Element | null => {
  const closed = useSignal(recall(KEY) === "closed")
  if (closed.value) return null
  return (
    <section class="guide" aria-label={strings.guide.label}>
      <ol>
        <Step number={1} text={strings.guide.write} done={models.some((model) => model.hasWritten.value)} />
        <Step number={2} text={strings.guide.look} done={models.some(looked)} />
        <Step
          number={3}
          text={strings.guide.compare}
          done={models.every((model) => model.security.value.level === "green")}
        />
      </ol>
      <button
        type="button"
        class="icon-button"
        aria-label={strings.guide.close}
        title={strings.guide.close}
        onClick={() => {
          closed.value = true
          remember(KEY, "closed")
        }}
      >
        <Icon name="close" size={16} />
      </button>
    </section>
  )
}
