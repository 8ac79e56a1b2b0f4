/** Puts a fault into the sources as Node reads them: the product has no switch for it. */
import { registerHooks } from "node:module"
import { FAULTS, type Fault } from "./faults.ts"

/** @throws Error for a name that is none, and when a place is read that does not stand there exactly once. */
export const plant = (name: string): Fault => {
  const fault = FAULTS.find((one) => one.name === name)
  if (fault === undefined) throw new Error(`no such fault: ${name}`)
  registerHooks({
    load: (url, context, next) => {
      const loaded = next(url, context)
      const edits = fault.edits.filter(({ file }) => url.endsWith(`/packages/${file}`))
      if (edits.length === 0) return loaded
      let source = Buffer.from(loaded.source as Uint8Array).toString()
      for (const { find, replace } of edits) {
        if (source.split(find).length !== 2) throw new Error(`the place of "${name}" has moved: ${find}`)
        source = source.replace(find, () => replace)
      }
      return { ...loaded, source }
    },
  })
  return fault
}
