import type { Key } from "ink"
import { describe, expect, it } from "vitest"
import { editsOf } from "./keys.ts"

const NONE: Key = {
  upArrow: false,
  downArrow: false,
  leftArrow: false,
  rightArrow: false,
  pageDown: false,
  pageUp: false,
  home: false,
  end: false,
  return: false,
  escape: false,
  ctrl: false,
  shift: false,
  tab: false,
  backspace: false,
  delete: false,
  meta: false,
  super: false,
  hyper: false,
  capsLock: false,
  numLock: false,
}
const insert = (text: string): object => ({ type: "insert", text })

describe("editsOf", () => {
  it("types what is typed", () => {
    expect(editsOf("a", NONE)).toEqual([insert("a")])
  })
  it("takes the ends of lines that come in one piece as Enter", () => {
    expect(editsOf("one\rtwo\r", NONE)).toEqual([insert("one"), "enter", insert("two"), "enter"])
    expect(editsOf("one\r\n", NONE)).toEqual([insert("one"), "enter"])
  })
  it("knows Enter, Tab and the arrows", () => {
    expect(editsOf("\r", { ...NONE, return: true })).toEqual(["enter"])
    expect(editsOf("\t", { ...NONE, tab: true })).toEqual(["complete"])
    expect(editsOf("", { ...NONE, upArrow: true })).toEqual([{ type: "older" }])
    expect(editsOf("", { ...NONE, backspace: true })).toEqual([{ type: "backspace" }])
  })
  it("leaves on Ctrl-C and Ctrl-D, and edits with the usual control keys", () => {
    expect(editsOf("c", { ...NONE, ctrl: true })).toEqual(["quit"])
    expect(editsOf("d", { ...NONE, ctrl: true })).toEqual(["quit"])
    expect(editsOf("w", { ...NONE, ctrl: true })).toEqual([{ type: "delete-word" }])
    expect(editsOf("q", { ...NONE, ctrl: true })).toEqual([])
  })
  it("types nothing for Escape, Alt and page keys", () => {
    expect(editsOf("", { ...NONE, escape: true })).toEqual([])
    expect(editsOf("x", { ...NONE, meta: true })).toEqual([])
    expect(editsOf("", { ...NONE, pageUp: true })).toEqual([])
  })
})
