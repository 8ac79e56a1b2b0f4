/** Text stays text: no HTML, no Markdown. Only web addresses become links, and nothing is fetched. */
export type TextPart = { readonly kind: "text" | "link"; readonly text: string }

const ADDRESS = /https?:\/\/[^\s<>"'\u202a-\u202e\u2066-\u2069]{1,2000}/gu
/** A sentence's own punctuation does not belong to the address it ends with. */
const TRAILING = /[.,:;!?)\]}…]+$/u

export const textParts = (text: string): readonly TextPart[] => {
  const parts: TextPart[] = []
  let from = 0
  for (const match of text.matchAll(ADDRESS)) {
    const address = match[0].replace(TRAILING, "")
    if (!URL.canParse(address)) continue
    if (match.index > from) parts.push({ kind: "text", text: text.slice(from, match.index) })
    parts.push({ kind: "link", text: address })
    from = match.index + address.length
  }
  if (from < text.length) parts.push({ kind: "text", text: text.slice(from) })
  return parts
}

const EMOJI_ONLY = /^(?:\p{Extended_Pictographic}|\p{Emoji_Modifier}|\p{Regional_Indicator}|\u200d|\ufe0f)+$/u
/** Four families with skin tones, in UTF-16 units. */
const LONGEST_EMOJI = 48

/** A few emoji and nothing else: drawn large. */
export const isEmojiOnly = (text: string): boolean =>
  text.length <= LONGEST_EMOJI && EMOJI_ONLY.test(text.replaceAll(/\s/gu, ""))
