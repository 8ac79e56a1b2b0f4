import { describe, expect, it } from "vitest"
import { safeText } from "./safe-text.ts"

const ESC = String.fromCharCode(0x1b)
const BEL = String.fromCharCode(0x07)

describe("safeText", () => {
  it.each([
    ["colors", `${ESC}[31mred${ESC}[0m`, "red"],
    ["cursor moves and a cleared screen", `a${ESC}[2J${ESC}[1;1Hb`, "ab"],
    ["a private CSI mode", `a${ESC}[?1049hb`, "ab"],
    ["a window title ended by BEL", `a${ESC}]0;pwned${BEL}b`, "ab"],
    ["a hyperlink ended by ST", `${ESC}]8;;http://x${ESC}\\text${ESC}]8;;${ESC}\\`, "text"],
    ["a title that never ends", `a${ESC}]0;pwned`, "a"],
    ["8-bit CSI", `a${String.fromCharCode(0x9b)}31mb`, "ab"],
    ["8-bit OSC", `a${String.fromCharCode(0x9d)}0;x${BEL}b`, "ab"],
    ["a device control string", `a${ESC}P1;2q${ESC}\\b`, "ab"],
    ["a terminal reset", `a${ESC}cb`, "ab"],
    ["a lone escape at the end", `a${ESC}`, "a"],
    ["bell, backspace and NUL", `a${BEL}\bb\0c`, "abc"],
  ])("takes out %s", (_what, hostile, harmless) => {
    expect(safeText(hostile)).toBe(harmless)
  })

  it("shows line breaks instead of making them, so that no peer forges a line", () => {
    expect(safeText("one\ntwo\r\nthree\rfour")).toBe("one ⏎ two ⏎ three ⏎ four")
    expect(safeText("a\u2028b\u0085c")).toBe("a ⏎ b ⏎ c")
  })

  it("takes out controls that reorder text, and invisible characters", () => {
    expect(safeText("\u202eexe.txt\u202c \u2066x\u2069 \u200ey\u200f")).toBe("exe.txt x y")
    expect(safeText("a\u200bb\ufeffc\u2060d")).toBe("abcd")
  })

  it("keeps at most four combining marks on a letter", () => {
    expect(safeText(`a${"\u0301".repeat(10_000)}b`)).toBe(`a${"\u0301".repeat(4)}b`)
  })

  it("leaves ordinary text in any script alone", () => {
    for (const text of ["Grüße, 你好", "שלום", "नमस्ते", "👩‍👩‍👧‍👦 🇫🇷", "a\u200cb", "café e\u0301"])
      expect(safeText(text)).toBe(text)
  })

  it("replaces half a surrogate pair", () => {
    expect(safeText("a\ud800b")).toBe("a\ufffdb")
  })

  it("leaves no control character for any input", () => {
    for (let code = 0; code <= 0xff; code++) {
      const text = safeText(`x${String.fromCharCode(code)}y${ESC}${String.fromCharCode(code)}`)
      expect(Array.from(text).every((c) => c >= " " && !(c >= "\u007f" && c <= "\u009f"))).toBe(true)
    }
  })
})
