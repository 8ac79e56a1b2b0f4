import { expect, test } from "vitest"
import { isEmojiOnly, textParts } from "./text.ts"

const links = (text: string): readonly string[] =>
  textParts(text)
    .filter(({ kind }) => kind === "link")
    .map((part) => part.text)

test("the parts of a text, put together again, are the text", () => {
  for (const text of [
    "",
    "plain",
    "a https://a.example/x, b",
    "https://a.example",
    "<b>https://a.example</b>",
  ])
    expect(
      textParts(text)
        .map((part) => part.text)
        .join(""),
    ).toBe(text)
})

test("web addresses become links, without the punctuation of the sentence around them", () => {
  expect(links("See https://example.org/menu.")).toEqual(["https://example.org/menu"])
  expect(links("(http://example.org/a?b=c#d)")).toEqual(["http://example.org/a?b=c#d"])
  expect(links("https://one.example https://two.example!")).toEqual([
    "https://one.example",
    "https://two.example",
  ])
})

test("nothing but http and https becomes a link", () => {
  expect(links("javascript:alert(1) data:text/html,x file:///etc/passwd //host www.example.org")).toEqual([])
  expect(links("https://")).toEqual([])
})

test("an address ends where markup or a direction control begins", () => {
  expect(links('https://a.example/"onclick=x')).toEqual(["https://a.example/"])
  expect(links("https://a.example/\u202egnp.exe")).toEqual(["https://a.example/"])
})

test("only a short row of emoji is drawn large", () => {
  for (const text of ["👍", "👩🏽‍🚀 🎉", "🇩🇪", "❤️"]) expect(isEmojiOnly(text)).toBe(true)
  for (const text of ["", "a", "👍 ok", "123", "👍".repeat(100)]) expect(isEmojiOnly(text)).toBe(false)
})
