/** Once before all files: the web app, where it is older than what it is made of. `npm test` has built it already. */
import { execFile } from "node:child_process"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"

const ROOT = fileURLToPath(new URL("../../../", import.meta.url))

export const setup = async (): Promise<void> => {
  await promisify(execFile)(process.execPath, ["scripts/build-web.mjs"], { cwd: ROOT })
}
