/**
 * Writes the frozen vectors: `npm run vectors:make`. Where a file exists and differs it shows the first difference
 * and changes nothing, unless `--accept` is given: a changed byte is a changed protocol.
 */
import { existsSync, readFileSync, writeFileSync } from "node:fs"
import { OWN } from "./compute.ts"

const accept = process.argv.includes("--accept")
let refused = 0

for (const [name, compute] of Object.entries(OWN)) {
  const file = new URL(`./${name}.json`, import.meta.url)
  const next = `${JSON.stringify(await compute(), undefined, 2)}\n`
  const before = existsSync(file) ? readFileSync(file, "utf8") : undefined
  if (before === next) {
    process.stdout.write(`${name}: unchanged\n`)
  } else if (before === undefined || accept) {
    writeFileSync(file, next)
    process.stdout.write(`${name}: written\n`)
  } else {
    const [old, now] = [before.split("\n"), next.split("\n")]
    const at = old.findIndex((line, index) => line !== now[index])
    process.stdout.write(`${name}: differs at line ${at + 1}\n- ${old[at] ?? ""}\n+ ${now[at] ?? ""}\n`)
    refused++
  }
}
if (refused > 0) {
  process.stderr.write(
    "Nothing was overwritten. If the protocol was meant to change, run it again with -- --accept.\n",
  )
  process.exitCode = 1
}
