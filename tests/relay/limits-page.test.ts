/** docs/operations.md lists the limits that a relay prints at start, all of them, with their figures. */
import { readFileSync } from "node:fs"
import { silentLogger } from "@securechat/core/transport"
import { createRelay } from "@securechat/server"
import { describe, expect, it } from "vitest"

const page = readFileSync(new URL("../../docs/operations.md", import.meta.url), "utf8")
const figure = (text: string): number => {
  const [number = "", divisor = "1"] = text.replaceAll(",", "").split("/")
  return Number(number) / Number(divisor)
}

interface Printed {
  readonly buckets: Readonly<Record<string, { readonly size: number; readonly perSecond: number }>>
}

describe("the page about running a relay", () => {
  it("lists every limit and bucket that is printed at start, and no other", async () => {
    let printed: Printed | undefined
    const logger = {
      ...silentLogger,
      info: (event: string, context?: object) => {
        if (event === "limits") printed = context as Printed
      },
    }
    const relay = createRelay({ port: 0, logger })
    await relay.listen()
    await relay.close({ drainMs: 0 })
    const { buckets, ...others } = printed ?? { buckets: {} }
    const numbers = Object.fromEntries(Object.entries(others).filter(([name]) => name !== "connections"))
    const rows = [...page.matchAll(/^\| `(\w+)`(?: ✎)? +\| +([\d,]+) \| (?:bytes|ms|count) /gm)]
    expect(Object.fromEntries(rows.map(([, name, value = ""]) => [name, figure(value)]))).toEqual(numbers)
    const bucketRows = [...page.matchAll(/^\| `(\w+)` +\| +(\d+) \| +([\d./]+) \|/gm)]
    const listed = bucketRows.map(([, name, size = "", rate = ""]) => [
      name,
      { size: figure(size), perSecond: figure(rate) },
    ])
    expect(Object.fromEntries(listed)).toEqual(buckets)
  })
})
