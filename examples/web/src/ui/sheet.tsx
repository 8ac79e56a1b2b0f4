/**
 * A sheet over one pane. It is not modal to the page, so that both people of the demo can compare
 * side by side; the pane behind it is inert, Escape closes it, and the focus goes back where it was.
 */
import type { ComponentChildren, JSX } from "preact"
import { useEffect, useId, useRef } from "preact/hooks"
import { securitySentence } from "../sentences.ts"
import { strings } from "../strings.ts"
import { CompareSheet } from "./compare-sheet.tsx"
import { useDesk } from "./desk.tsx"
import { Icon } from "./icons.tsx"

/** Focus in on opening and when the content is another, and back on closing where the opener is still there. */
const useBorrowedFocus = (heading: { readonly current: HTMLElement | null }, content: string): void => {
  useEffect(() => {
    const opener = document.activeElement
    return () => {
      // The pane stops being inert only after this; what is inert takes no focus.
      requestAnimationFrame(() => {
        if (opener instanceof HTMLElement && opener.isConnected) opener.focus()
      })
    }
  }, [])
  useEffect(() => {
    heading.current?.focus()
  }, [content])
}

interface FrameProps {
  readonly title: string
  /** Changes when what stands inside is replaced, the focused button with it. */
  readonly content: string
  readonly children: ComponentChildren
}

const Frame = ({ title, content, children }: FrameProps): JSX.Element => {
  const { actions } = useDesk()
  const id = useId()
  const heading = useRef<HTMLHeadingElement>(null)
  useBorrowedFocus(heading, content)
  return (
    <div
      class="sheet"
      role="dialog"
      aria-labelledby={id}
      onKeyDown={(event) => {
        if (event.key === "Escape") actions.closeSheet()
      }}
    >
      <header>
        <h2 id={id} ref={heading} tabIndex={-1}>
          {title}
        </h2>
        <button
          type="button"
          class="icon-button"
          aria-label={strings.sheet.close}
          onClick={() => {
            actions.closeSheet()
          }}
        >
          <Icon name="close" />
        </button>
      </header>
      <div class="sheet-body">{children}</div>
    </div>
  )
}

export const SheetLayer = (): JSX.Element | null => {
  const { model } = useDesk()
  const sheet = model.sheet.value
  if (sheet === undefined) return null
  if (sheet.kind === "compare")
    return (
      <Frame key="compare" title={strings.sheet.title(model.peer.name)} content={sheet.outcome ?? "number"}>
        <CompareSheet sheet={sheet} />
      </Frame>
    )
  return (
    <Frame key="explain" title={strings.explain.title} content="reason">
      <p class="lead">{securitySentence(model.security.value, model.peer.name)}</p>
      <p>{strings.explain.text}</p>
    </Frame>
  )
}
