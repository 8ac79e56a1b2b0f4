/** The interactive screen: a log that scrolls with the terminal, an input line, a status line. Drawing only. */
import { Box, Static, Text, render, useInput, usePaste, useWindowSize } from "ink"
import { type ReactNode, createElement as h, useReducer, useSyncExternalStore } from "react"
import { complete, parseCommand } from "./command.ts"
import { type Edit, type Editor, edit, emptyEditor, textOf } from "./editor.ts"
import { editsOf } from "./keys.ts"
import { RowLine } from "./rows.ts"
import { safeText } from "./safe-text.ts"
import { StatusLine } from "./status-line.ts"
import type { Talk } from "./talk.ts"
import type { ViewStore } from "./view-store.ts"
import type { Row } from "./view.ts"

export interface ScreenSurroundings {
  readonly view: ViewStore
  readonly talk: Talk
  readonly color: boolean
  readonly signal: AbortSignal
}

interface ScreenProps extends ScreenSurroundings {
  readonly quit: () => void
}

const InputLine = ({ editor, color }: { readonly editor: Editor; readonly color: boolean }): ReactNode => {
  const [under = " ", ...rest] = editor.after
  return h(
    Text,
    null,
    h(Text, color ? { color: "cyan" } : null, "› "),
    safeText(editor.before.join("")),
    h(Text, { inverse: true }, safeText(under)),
    safeText(rest.join("")),
  )
}

const Screen = ({ view, talk, color, quit }: ScreenProps): ReactNode => {
  const shown = useSyncExternalStore(view.subscribe, view.get)
  const [editor, change] = useReducer(edit, emptyEditor)
  const { columns } = useWindowSize()
  const enter = (text: string): void => {
    change({ type: "entered" })
    const command = parseCommand(text)
    if (command.kind === "quit") quit()
    else void talk.run(command)
  }
  useInput((input, key) => {
    let current = editor
    const apply = (step: Edit): void => {
      current = edit(current, step)
      change(step)
    }
    for (const step of editsOf(input, key)) {
      if (step === "quit") {
        quit()
        return
      }
      if (step === "enter") {
        enter(textOf(current))
        current = edit(current, { type: "entered" })
      } else if (step === "complete") apply({ type: "replace", text: complete(textOf(current)) })
      else {
        apply(step)
        if (step.type === "insert") talk.typing()
      }
    }
  })
  usePaste((text) => {
    change({ type: "insert", text: text.replace(/\r\n?/gu, "\n") })
  })
  return h(
    Box,
    { flexDirection: "column" },
    h(Static<Row>, {
      items: [...shown.rows],
      children: ({ key, entry }: Row) => h(RowLine, { key, entry, color, columns }),
    }),
    h(Text, { dimColor: true, wrap: "truncate" }, "─".repeat(columns)),
    h(InputLine, { editor, color }),
    h(StatusLine, { view: shown, color }),
  )
}

/** Resolves when the person quits, or when the signal fires; the screen is given back first. */
export const runScreen = async ({ view, talk, color, signal }: ScreenSurroundings): Promise<void> => {
  const quitting = Promise.withResolvers<undefined>()
  const quit = (): void => {
    quitting.resolve(undefined)
  }
  signal.addEventListener("abort", quit, { once: true })
  const screen = render(h(Screen, { view, talk, color, signal, quit }), {
    exitOnCtrlC: false,
    interactive: true,
  })
  await Promise.race([quitting.promise, screen.waitUntilExit()])
  screen.unmount()
}
