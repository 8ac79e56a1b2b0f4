/** The safety number, to read to each other or to scan, and the two answers of equal size. */
import { useSignal } from "@preact/signals"
import type { SafetyNumber } from "@securechat/core"
import type { JSX } from "preact"
import { useEffect } from "preact/hooks"
import type { Sheet } from "../model/person.ts"
import { strings } from "../strings.ts"
import { useDesk } from "./desk.tsx"
import { Icon } from "./icons.tsx"
import { QrCode } from "./qr-code.tsx"

type Compare = Extract<Sheet, { kind: "compare" }>

const Digits = ({ number }: { number: SafetyNumber }): JSX.Element => {
  const { actions } = useDesk()
  const copied = useSignal(false)
  return (
    <figure class="digits">
      <figcaption>{strings.sheet.number}</figcaption>
      <ol>
        {number.groups.map((group, index) => (
          <li key={index}>{group}</li>
        ))}
      </ol>
      <button
        type="button"
        class="text-button"
        onClick={() => {
          void actions.copy(number.groups.join(" ")).then((done) => {
            copied.value = done
          })
        }}
      >
        <Icon name="copy" size={16} /> {copied.value ? strings.token.copied : strings.sheet.copy}
      </button>
    </figure>
  )
}

const Answers = (): JSX.Element => {
  const { actions } = useDesk()
  return (
    <div class="answers">
      <button type="button" class="button" onClick={() => void actions.mismatch()}>
        {strings.sheet.mismatch}
      </button>
      <button type="button" class="button filled" onClick={() => void actions.match()}>
        {strings.sheet.match}
      </button>
    </div>
  )
}

const Success = (): JSX.Element => {
  const { model, actions } = useDesk()
  return (
    <div class="outcome" data-level="green" role="status">
      <Icon name="lock-check" size={32} />
      <p>{strings.sheet.success(model.peer.name)}</p>
      <div class="choices">
        <button
          type="button"
          class="text-button"
          onClick={() => {
            void actions.withdraw()
            actions.closeSheet()
          }}
        >
          {strings.sheet.withdraw}
        </button>
        <button
          type="button"
          class="button filled"
          onClick={() => {
            actions.closeSheet()
          }}
        >
          {strings.sheet.done}
        </button>
      </div>
    </div>
  )
}

const Failure = (): JSX.Element => {
  const { model, actions } = useDesk()
  return (
    <div class="outcome" data-level="red" role="alert">
      <Icon name="lock-open" size={32} />
      <p>{strings.sheet.failure(model.peer.name)}</p>
      <div class="choices">
        <button type="button" class="button" onClick={() => void actions.reset()}>
          {strings.action.reset}
        </button>
        <button
          type="button"
          class="button filled"
          onClick={() => {
            actions.closeSheet()
          }}
        >
          {strings.sheet.close}
        </button>
      </div>
    </div>
  )
}

/** Watches for a change of the peer while the number is on the screen. */
const useFreshNumber = (sheet: Compare): void => {
  const { model, actions } = useDesk()
  const { subject } = model.security.value
  const shown = sheet.outcome === undefined ? sheet.number?.subject : undefined
  useEffect(() => {
    if (shown !== undefined && subject !== undefined && subject !== shown) void actions.refreshNumber()
  }, [subject, shown])
}

export const CompareSheet = ({ sheet }: { sheet: Compare }): JSX.Element => {
  const { model } = useDesk()
  useFreshNumber(sheet)
  const { number, outcome } = sheet
  if (outcome === "match") return <Success />
  if (outcome === "mismatch") return <Failure />
  return (
    <>
      {sheet.changed === true && (
        <p class="changed" role="alert">
          {strings.sheet.changed(model.peer.name)}
        </p>
      )}
      <p class="lead">{strings.sheet.intro(model.peer.name)}</p>
      {number === undefined ? (
        <p role="status">{strings.sheet.loading}</p>
      ) : (
        <>
          <div class="codes">
            <Digits number={number} />
            <QrCode bytes={number.qr} label={strings.sheet.qr(model.peer.name)} />
          </div>
          {model.security.value.level === "green" ? <Success /> : <Answers />}
        </>
      )}
    </>
  )
}
