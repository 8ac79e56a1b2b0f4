import { describe, expect, it } from "vitest"
import { COMMANDS, complete, helpLines, parseCommand } from "./command.ts"

describe("parseCommand", () => {
  it("takes a line without a slash as something to say, spaces included", () => {
    expect(parseCommand("  hello /verify ")).toEqual({ kind: "say", text: "  hello /verify " })
  })
  it("says a slash that is doubled", () => {
    expect(parseCommand("//etc/hosts")).toEqual({ kind: "say", text: "/etc/hosts" })
  })
  it("ignores empty lines", () => {
    expect(parseCommand("")).toEqual({ kind: "nothing" })
    expect(parseCommand("   ")).toEqual({ kind: "nothing" })
  })
  it.each(Object.keys(COMMANDS))("knows /%s", (name) => {
    expect(parseCommand(`/${name}`)).toEqual({ kind: name })
    expect(parseCommand(`/${name}  `)).toEqual({ kind: name })
  })
  it("takes the peer of /to", () => {
    expect(parseCommand("/to bob")).toEqual({ kind: "to", user: "bob" })
  })
  it.each(["/to", "/to a b", "/verify now", "/nosuch", "/", "/constructor", "/__proto__"])(
    "never says what looks like a command: %s",
    (line) => {
      expect(parseCommand(line)).toEqual({ kind: "unknown", name: line })
    },
  )
})

describe("complete", () => {
  it("completes a command that is the only one to begin so", () => {
    expect(complete("/ver")).toBe("/verify")
    expect(complete("/t")).toBe("/to ")
  })
  it("leaves text, and what could be several commands, alone", () => {
    expect(complete("hel")).toBe("hel")
    expect(complete("/re")).toBe("/re")
    expect(complete("/zzz")).toBe("/zzz")
  })
})

it("help names every command", () => {
  const help = helpLines().join("\n")
  for (const name of Object.keys(COMMANDS)) expect(help).toContain(`/${name}  `)
})
