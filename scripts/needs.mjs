// What the suites need that npm cannot bring: found on PATH, else installed from Debian when that is allowed, else
// named loudly. With CI=true a missing one is a failure: no green run with silent holes.
import { spawnSync } from "node:child_process"
import { accessSync, constants, existsSync, readFileSync } from "node:fs"
import { delimiter, join } from "node:path"
import { pathToFileURL } from "node:url"

const onPath = (names) =>
  (process.env.PATH ?? "")
    .split(delimiter)
    .flatMap((folder) => names.map((name) => join(folder, name)))
    .find((file) => {
      try {
        accessSync(file, constants.X_OK)
        return true
      } catch {
        return false
      }
    })

const PYTHON = "/usr/bin/python3" // another python3 on PATH may lack the Debian modules
const pythonHas = (...modules) =>
  existsSync(PYTHON) &&
  spawnSync(PYTHON, ["-c", `import ${modules.join(", ")}`], { stdio: "ignore" }).status === 0

/**
 * What is needed. `env` is the variable that names it, for the caller and for the tests; its value is the program's
 * path, or empty where it is missing. `debian` is the package that brings it.
 */
export const NEEDS = [
  {
    name: "Chromium",
    env: "CHROMIUM",
    debian: "chromium",
    suites: "tests/browser, examples/web",
    find: () => process.env.CHROMIUM || onPath(["chromium", "chromium-browser", "google-chrome"]),
  },
  {
    name: "python3-cryptography",
    env: "SECURECHAT_PYTHON",
    debian: "python3-cryptography",
    suites: "Fernet against Python's cryptography",
    find: () => (pythonHas("cryptography") ? PYTHON : undefined),
  },
  {
    // Without eventlet it only polls: Debian has no other WebSocket for it.
    name: "Flask-SocketIO with eventlet",
    env: "SECURECHAT_FLASK",
    debian: "python3-flask-socketio python3-eventlet",
    suites: "channels over a Flask-SocketIO server",
    find: () => (pythonHas("flask_socketio", "eventlet") ? PYTHON : undefined),
  },
  {
    name: "redis-server",
    env: "REDIS_SERVER",
    debian: "redis-server",
    suites: "mailboxes and directory in Redis, several relays",
    find: () => process.env.REDIS_SERVER || onPath(["redis-server"]),
  },
  {
    name: "nginx",
    env: "NGINX",
    debian: "nginx",
    suites: "whether deploy/nginx.conf is what nginx takes",
    // Debian keeps it off the PATH of who is not root.
    find: () => process.env.NGINX || onPath(["nginx"]) || ["/usr/sbin/nginx"].find(existsSync),
  },
]

/** Environment of the tests: each need's program, or an empty value. */
export const needsEnv = () => Object.fromEntries(NEEDS.map((need) => [need.env, need.find() ?? ""]))

const isDebianRoot = () =>
  process.getuid?.() === 0 &&
  existsSync("/etc/os-release") &&
  /^ID(_LIKE)?=.*(debian|ubuntu)/m.test(readFileSync("/etc/os-release", "utf8")) &&
  onPath(["apt-get"]) !== undefined

function aptGet(packages) {
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" }
  const apt = (...args) =>
    spawnSync("apt-get", args, { stdio: ["ignore", "ignore", "inherit"], env }).status === 0
  console.log(`  installing ${packages.join(", ")} with apt-get`)
  return apt("-qq", "update") && apt("-qq", "install", "-y", "--no-install-recommends", ...packages)
}

/** Finds, installs, or complains. Throws with CI=true when something is still missing. */
export function provideNeeds() {
  const missing = () => NEEDS.filter((need) => !need.find())
  if (missing().length > 0 && isDebianRoot()) aptGet(missing().flatMap((need) => need.debian.split(" ")))
  const still = missing()
  for (const need of still)
    console.log(
      `  !! SKIPPED for want of ${need.name}: ${need.suites}. Get it: apt-get install ${need.debian}, or set ${need.env}.`,
    )
  if (still.length > 0 && process.env.CI === "true")
    throw new Error(`missing with CI=true: ${still.map((need) => need.name).join(", ")}`)
  return NEEDS.filter((need) => !still.includes(need)).map((need) => `${need.name}: ${need.find()}`)
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href)
  console.log(provideNeeds().join("\n"))
