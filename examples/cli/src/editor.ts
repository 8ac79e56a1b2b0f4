/** The input line: text, cursor, history. A pure reducer; which key means what is `screen.ts`'s concern. */

export interface Editor {
  /** Split into what people see as one character, so that no edit breaks an emoji. */
  readonly before: readonly string[]
  readonly after: readonly string[]
  /** Lines entered, oldest first. */
  readonly history: readonly string[]
  /** Index into `history` while paging, else its length. */
  readonly at: number
  /** What was typed before paging began. */
  readonly draft: string
}

export type Edit =
  | { readonly type: "insert"; readonly text: string }
  | { readonly type: "replace"; readonly text: string }
  | { readonly type: "entered" }
  | { readonly type: Key }
export type Key =
  | "backspace"
  | "delete"
  | "left"
  | "right"
  | "home"
  | "end"
  | "older"
  | "newer"
  | "clear-before"
  | "clear-after"
  | "delete-word"

const MAX_HISTORY = 100
const characters = new Intl.Segmenter("en", { granularity: "grapheme" })
const split = (text: string): string[] => Array.from(characters.segment(text), (part) => part.segment)

export const emptyEditor: Editor = { before: [], after: [], history: [], at: 0, draft: "" }
export const textOf = (editor: Editor): string => [...editor.before, ...editor.after].join("")

const withText = (editor: Editor, text: string): Editor => ({ ...editor, before: split(text), after: [] })

const page = (editor: Editor, step: -1 | 1): Editor => {
  const at = editor.at + step
  if (at < 0 || at > editor.history.length) return editor
  const draft = editor.at === editor.history.length ? textOf(editor) : editor.draft
  return { ...withText(editor, editor.history[at] ?? draft), at, draft }
}

const entered = (editor: Editor): Editor => {
  const text = textOf(editor)
  const repeated = text === "" || editor.history.at(-1) === text
  const history = repeated ? editor.history : [...editor.history, text].slice(-MAX_HISTORY)
  return { before: [], after: [], history, at: history.length, draft: "" }
}

const deleteWord = (before: readonly string[]): string[] => split(before.join("").replace(/\S*\s*$/u, ""))

/** Joined and split again: a combining mark typed by itself belongs to the character before it. */
const insert = (editor: Editor, text: string): Editor => ({
  ...editor,
  before: split(editor.before.join("") + text),
})

export const edit = (editor: Editor, change: Edit): Editor => {
  const { before, after } = editor
  switch (change.type) {
    case "insert":
      return insert(editor, change.text)
    case "replace":
      return withText(editor, change.text)
    case "entered":
      return entered(editor)
    case "backspace":
      return { ...editor, before: before.slice(0, -1) }
    case "delete":
      return { ...editor, after: after.slice(1) }
    case "left":
      return { ...editor, before: before.slice(0, -1), after: [...before.slice(-1), ...after] }
    case "right":
      return { ...editor, before: [...before, ...after.slice(0, 1)], after: after.slice(1) }
    case "home":
      return { ...editor, before: [], after: [...before, ...after] }
    case "end":
      return { ...editor, before: [...before, ...after], after: [] }
    case "older":
      return page(editor, -1)
    case "newer":
      return page(editor, 1)
    case "clear-before":
      return { ...editor, before: [] }
    case "clear-after":
      return { ...editor, after: [] }
    case "delete-word":
      return { ...editor, before: deleteWord(before) }
  }
}
