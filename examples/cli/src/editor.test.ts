import { describe, expect, it } from "vitest"
import { type Edit, type Editor, type Key, edit, emptyEditor, textOf } from "./editor.ts"

const after = (...changes: (Key | Edit)[]): Editor =>
  changes.reduce<Editor>(
    (editor, change) => edit(editor, typeof change === "string" ? { type: change } : change),
    emptyEditor,
  )
const type = (text: string): Edit => ({ type: "insert", text })
const shown = (editor: Editor): string => `${editor.before.join("")}|${editor.after.join("")}`

describe("the input line", () => {
  it("inserts at the cursor", () => {
    expect(shown(after(type("held"), "left", type("lo wor"), "end", type("!")))).toBe(
      "hello word|!".replace("|!", "!|"),
    )
  })
  it("moves and deletes whole characters, emoji families included", () => {
    expect(shown(after(type("a👩‍👩‍👧b"), "left", "backspace"))).toBe("a|b")
    expect(shown(after(type("a👩‍👩‍👧b"), "home", "right", "delete"))).toBe("a|b")
    expect(shown(after(type("e"), type("\u0301"), "backspace"))).toBe("|")
  })
  it("stays where it is at either end", () => {
    expect(shown(after("left", "right", "backspace", "delete", "older", "newer"))).toBe("|")
    expect(shown(after(type("a"), "right"))).toBe("a|")
  })
  it("clears before and after the cursor, and the word before it", () => {
    expect(shown(after(type("one two"), "left", "clear-before"))).toBe("|o")
    expect(shown(after(type("one two"), "home", "right", "clear-after"))).toBe("o|")
    expect(shown(after(type("one two  "), "delete-word"))).toBe("one |")
  })
  it("pages through what was entered and comes back to the draft", () => {
    const two = after(type("first"), { type: "entered" }, type("second"), { type: "entered" }, type("dra"))
    const older = edit(two, { type: "older" })
    expect(textOf(older)).toBe("second")
    const oldest = edit(edit(older, { type: "older" }), { type: "older" })
    expect(textOf(oldest)).toBe("first")
    const back = edit(edit(oldest, { type: "newer" }), { type: "newer" })
    expect(shown(back)).toBe("dra|")
  })
  it("keeps neither empty lines nor repeats in its history, and a hundred lines at most", () => {
    expect(
      after(type("a"), { type: "entered" }, type("a"), { type: "entered" }, { type: "entered" }).history,
    ).toEqual(["a"])
    const many = Array.from({ length: 150 }, (_, i): Edit[] => [
      type(`line ${i}`),
      { type: "entered" },
    ]).flat()
    expect(after(...many).history).toHaveLength(100)
  })
  it("does not change the state it was given", () => {
    const before = after(type("text"))
    edit(before, { type: "backspace" })
    expect(textOf(before)).toBe("text")
  })
})
