// Packs every published package once, as the registry would get it; the checks after it read these files and no others.
import { existsSync, mkdirSync, rmSync } from "node:fs"
import { join } from "node:path"
import { pathToFileURL } from "node:url"
import { pnpmCommand } from "./pnpm.mjs"
import { manifest, published } from "./projects.mjs"
import { inParallel, root, run } from "./steps.mjs"

const folder = join(root, "reports/packed")

/** Name, folder in the workspace, and the file pnpm packs it into. */
export const tarballs = published.map((path) => {
  const { name, version } = manifest(path)
  return { name, path, file: join(folder, `${name.slice(1).replace("/", "-")}-${version}.tgz`) }
})

async function pack() {
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  await inParallel(tarballs, async ({ path, file }) => {
    // Not npm: only pnpm writes real versions for `workspace:` and `catalog:`.
    await run([...pnpmCommand, "pack", "--pack-destination", folder], { cwd: join(root, path) })
    if (!existsSync(file)) throw new Error(`${file} was not packed`)
  })
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) await pack()
