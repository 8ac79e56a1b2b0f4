/**
 * Text of a peer, made safe to draw in a terminal: no control sequence moves the cursor or recolours the
 * screen, no line break forges a line of ours, no bidi control reorders what stands beside it.
 */

// Built from code points, so that this file holds no control character itself.
const range = (from: number, to: number): string => `\\u{${from.toString(16)}}-\\u{${to.toString(16)}}`

const ESC = "\\u{1b}"
/** CSI and its parameters, OSC/DCS/APC/PM/SOS strings with their end, and two-character escapes. */
const SEQUENCES = new RegExp(
  [
    `(?:${ESC}\\[|\\u{9b})[${range(0x30, 0x3f)}]*[${range(0x20, 0x2f)}]*[${range(0x40, 0x7e)}]`,
    `(?:${ESC}[\\]PX^_]|[\\u{90}\\u{98}\\u{9d}-\\u{9f}])[^\\u{7}\\u{1b}\\u{9c}]*(?:\\u{7}|${ESC}\\\\|\\u{9c})?`,
    `${ESC}[${range(0x20, 0x2f)}]*[${range(0x30, 0x7e)}]?`,
  ].join("|"),
  "gu",
)
const BREAKS = /\r\n|[\n\r\u{b}\u{c}\u{85}\u{2028}\u{2029}]/gu
const CONTROLS = new RegExp(`[${range(0x00, 0x1f)}${range(0x7f, 0x9f)}]`, "gu")
/** Bidi embeddings, overrides, isolates and marks: they show "exe.txt" as "txt.exe". */
const BIDI = /[\u{61c}\u{200e}\u{200f}\u{202a}-\u{202e}\u{2066}-\u{2069}]/gu
/** Invisible, and used to make two different texts look alike; the joiners U+200C and U+200D stay. */
const INVISIBLE = /[\u{200b}\u{2060}-\u{2064}\u{feff}\u{fff9}-\u{fffb}\u{e0000}-\u{e007f}]/gu
/** A pile of combining marks draws over the lines above it; no script needs more than a few. */
const MARKS = /(\p{M}{4})\p{M}+/gu

/** One line, whatever the peer sent: breaks become a visible sign, everything that steers a terminal goes. */
export const safeText = (text: string): string =>
  text
    .toWellFormed()
    .replace(SEQUENCES, "")
    .replace(BREAKS, " ⏎ ")
    .replace(/\t/gu, " ")
    .replace(CONTROLS, "")
    .replace(BIDI, "")
    .replace(INVISIBLE, "")
    .replace(MARKS, "$1")
