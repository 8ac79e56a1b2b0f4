/** Which key does what on the input line. Pure. */
import type { Key as InkKey } from "ink"
import type { Edit, Key } from "./editor.ts"

export type Step = Edit | "enter" | "complete" | "quit"

const CONTROL: Readonly<Record<string, Key>> = {
  a: "home",
  e: "end",
  u: "clear-before",
  k: "clear-after",
  w: "delete-word",
}

const NAMED: readonly (readonly [keyof InkKey, Step])[] = [
  ["return", "enter"],
  ["tab", "complete"],
  ["upArrow", { type: "older" }],
  ["downArrow", { type: "newer" }],
  ["leftArrow", { type: "left" }],
  ["rightArrow", { type: "right" }],
  ["home", { type: "home" }],
  ["end", { type: "end" }],
  ["backspace", { type: "backspace" }],
  ["delete", { type: "delete" }],
]

/** Typed ahead or piped in, a whole line may come as one piece: its ends are Enter. */
const typed = (input: string): Step[] =>
  input.split(/(\r\n|\r|\n)/u).flatMap((part): Step[] => {
    if (part === "") return []
    return /^[\r\n]/u.test(part) ? ["enter"] : [{ type: "insert", text: part }]
  })

/** What one event of the keyboard asks for, in order. */
export const editsOf = (input: string, key: InkKey): readonly Step[] => {
  if (key.ctrl) {
    if (input === "c" || input === "d") return ["quit"]
    const named = CONTROL[input]
    return named === undefined ? [] : [{ type: named }]
  }
  const step = NAMED.find(([name]) => key[name] === true)?.[1]
  if (step !== undefined) return [step]
  return key.escape || key.meta || key.pageUp || key.pageDown ? [] : typed(input)
}
