// The members of the workspace, read from where they lie: a new package needs no line here.
import { existsSync, readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { root } from "./steps.mjs"

const members = (folder) =>
  readdirSync(join(root, folder), { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && existsSync(join(root, folder, entry.name, "package.json")))
    .map((entry) => join(folder, entry.name))

const manifest = (path) => JSON.parse(readFileSync(join(root, path, "package.json"), "utf8"))

/** Folders of the libraries, relative to the root. */
export const packages = members("packages")
/** Those that go to the registry. */
export const published = packages.filter((path) => manifest(path).private !== true)
/** What the compiler checks, each in one program; examples have their own settings for JSX. */
export const typed = [
  "tsconfig.all.json",
  ...members("examples").filter((path) => existsSync(join(root, path, "tsconfig.json"))),
]
export { manifest }
