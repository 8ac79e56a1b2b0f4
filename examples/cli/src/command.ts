/** What a typed line means. Pure: carrying it out is `talk.ts`'s concern. */

/** Commands without an argument, and what they do. */
export const COMMANDS = {
  verify: "show the safety number and its code, to compare with your peer by voice or in person",
  match: "the number shown is the same on the other side: the chat turns green",
  nomatch: "the numbers differ: the chat turns red and sends nothing",
  accept: "take the peer's changed identity without comparing: the chat turns yellow",
  reset: "forget the session and agree on new keys",
  retry: "send what was held while the chat was red",
  encrypted: "show the last message as the relay saw it",
  status: "connection, level, reason, account ids",
  help: "this list",
  quit: "flush, say goodbye, leave",
} as const

type Bare = keyof typeof COMMANDS
export type Command =
  | { readonly kind: "say"; readonly text: string }
  | { readonly kind: "to"; readonly user: string }
  | { readonly [K in Bare]: { readonly kind: K } }[Bare]
  | { readonly kind: "nothing" }
  | { readonly kind: "unknown"; readonly name: string }

const isBare = (name: string): name is Bare => Object.hasOwn(COMMANDS, name)

/** `/word` is a command, `//text` says "/text", everything else is said as it stands. */
export const parseCommand = (line: string): Command => {
  if (line.trim() === "") return { kind: "nothing" }
  if (line.startsWith("//")) return { kind: "say", text: line.slice(1) }
  if (!line.startsWith("/")) return { kind: "say", text: line }
  const [name = "", ...rest] = line.slice(1).trim().split(/\s+/u)
  if (name === "to" && rest.length === 1) return { kind: "to", user: rest[0] ?? "" }
  if (isBare(name) && rest.length === 0) return { kind: name }
  return { kind: "unknown", name: line.trim() }
}

/** The commands that begin with what is typed; one hit completes it. */
export const complete = (text: string): string => {
  if (!text.startsWith("/")) return text
  const hits = ["to ", ...Object.keys(COMMANDS)].filter((name) => name.startsWith(text.slice(1)))
  return hits.length === 1 ? `/${hits[0] ?? ""}` : text
}

/** One line per command. */
export const helpLines = (): readonly string[] => [
  "/to NAME  talk to NAME, a handle or an account id (sc1…)",
  ...Object.entries(COMMANDS).map(([name, what]) => `/${name}  ${what}`),
  "//text  says “/text”",
]
