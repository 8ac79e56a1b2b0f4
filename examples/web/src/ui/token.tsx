/** A message as the relay has it: its Fernet token, colored by part, with a legend and a way to copy it. */
import { useSignal } from "@preact/signals"
import type { Inspection } from "@securechat/core"
import type { JSX } from "preact"
import { useRef } from "preact/hooks"
import { tokenParts } from "../model/token.ts"
import { strings } from "../strings.ts"
import { useDesk } from "./desk.tsx"
import { Icon } from "./icons.tsx"

const select = (element: HTMLElement | null): void => {
  if (element !== null) getSelection()?.selectAllChildren(element)
}

const CopyToken = ({ token, onRefused }: { token: string; onRefused: () => void }): JSX.Element => {
  const { actions } = useDesk()
  const said = useSignal<string | undefined>(undefined)
  const copy = async (): Promise<void> => {
    const copied = await actions.copy(token)
    said.value = copied ? strings.token.copied : strings.token.copyFailed
    if (!copied) onRefused()
  }
  return (
    <span class="copy">
      <button type="button" class="text-button" onClick={() => void copy()}>
        <Icon name="copy" size={16} /> {strings.token.copy}
      </button>
      <span role="status">{said.value}</span>
    </span>
  )
}

export const TokenView = ({ inspection }: { inspection: Inspection | undefined }): JSX.Element => {
  const code = useRef<HTMLElement>(null)
  if (inspection === undefined) return <p class="token-gone">{strings.token.gone}</p>
  const parts = tokenParts(inspection.token)
  const { count, kem } = inspection.header
  return (
    <div class="token">
      <code ref={code} class="token-text" data-token dir="ltr" translate={false}>
        {parts.map(({ name, text }) => (
          <span key={name} data-part={name}>
            {text}
          </span>
        ))}
      </code>
      <ul class="legend">
        {parts.map(({ name }) => (
          <li key={name} data-part={name}>
            {strings.token.parts[name]}
          </li>
        ))}
      </ul>
      <p class="token-facts">
        {strings.token.size(inspection.wireBytes, inspection.contentBytes)}
        <br />
        {strings.token.header(count + 1, kem)}
      </p>
      <CopyToken
        token={inspection.token}
        onRefused={() => {
          select(code.current)
        }}
      />
    </div>
  )
}
