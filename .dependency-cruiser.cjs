// Turns the matrix of layers.config.js into rules. Tests are free to import suites and tools; what ships is not.
const { readFileSync } = require("node:fs")
const { join } = require("node:path")
const { CORE, PACKAGES } = require("./layers.config.js")

const TEST = "\\.test\\.tsx?$|^packages/[^/]+/(test|tsup\\.config)"
const SRC = "^packages/core/src/"
const escape = (text) => text.replace(/[.+?^${}()|[\]\\]/g, "\\$&").replaceAll("*", "[^/]+")
const any = (list) => `(${list.length > 0 ? list.join("|") : "(?!)"})`

/** `store` is the folder or the file of that name; `store/memory.ts` and `index.ts` are files. */
const place = (name) => (name.endsWith(".ts") ? `${SRC}${escape(name)}$` : `${SRC}${name}(/|\\.ts$)`)
const below = (row) => CORE.filter((other) => other.level < row.level).map((other) => other.name)
const names = (row, list) => (list === "all-below" ? below(row) : (list ?? []))
/** A package in node_modules, or a module of Node. */
const npm = (list) =>
  any(
    list.map((n) =>
      n.startsWith("node:") ? `^(node:)?${escape(n.slice(5))}$` : `node_modules/${escape(n)}/`,
    ),
  )
const OUTSIDE = ["npm", "npm-dev", "npm-optional", "npm-peer", "npm-no-pkg", "npm-unknown", "core"]

const refuse = (name, comment, from, to) => ({ name, comment, severity: "error", from, to })

/** One rule for what a set of files may reach inside core, one for the rows it may only name in types. */
function insideCore(row, from, extra, tag = "") {
  const values = [row.name, ...names(row, row.core), ...extra]
  const types = names(row, row.types)
  return [
    refuse(`core/${row.name}${tag}`, `level ${row.level}: see layers.config.js`, from, {
      path: SRC,
      pathNot: any([...values, ...types].map(place)),
    }),
    ...types.map((type) =>
      refuse(`core/${row.name}${tag} types of ${type}`, "types only: see layers.config.js", from, {
        path: place(type),
        pathNot: any(values.map(place)),
        dependencyTypesNot: ["type-only"],
      }),
    ),
  ]
}

function coreRow(row) {
  const special = Object.keys(row.files ?? {})
  const fileOf = (file) => (row.name === file.replace(".ts", "") ? file : `${row.name}/${file}`)
  const own = { path: place(row.name), pathNot: any([...special.map((f) => place(fileOf(f))), TEST]) }
  const inside = [
    ...insideCore(row, own, []),
    ...special.flatMap((f) => insideCore(row, { path: place(fileOf(f)) }, row.files[f], `/${f}`)),
  ]
  const { "*": everywhere = [], ...perFile } = row.npm ?? {}
  const outside = (name, from, list) =>
    refuse(name, "an npm package or Node module that this file may not use: see layers.config.js", from, {
      dependencyTypes: OUTSIDE,
      pathNot: npm(list),
    })
  const holders = Object.keys(perFile).map((file) => place(fileOf(file)))
  return [
    ...inside,
    outside(`core/${row.name} npm`, { path: place(row.name), pathNot: any([...holders, TEST]) }, everywhere),
    ...Object.entries(perFile).map(([file, list]) =>
      outside(`core/${row.name}/${file} npm`, { path: place(fileOf(file)) }, [...everywhere, ...list]),
    ),
  ]
}

/** `core/wire` to the file its `exports` entry points at. */
function publicFile(subpath) {
  const [name, ...rest] = subpath.split("/")
  const { exports } = JSON.parse(readFileSync(join(process.cwd(), "packages", name, "package.json"), "utf8"))
  const wanted = rest.length === 0 ? "." : `./${rest.join("/")}`
  const keys = wanted === "./*" ? Object.keys(exports).filter((key) => key !== "./package.json") : [wanted]
  return keys.map((key) => `^packages/${name}/${escape(exports[key]["@securechat/source"].slice(2))}$`)
}

function packageRow(row) {
  const own = `^packages/${row.name}/`
  const special = Object.entries(row.files ?? {})
  const rule = (tag, from, allowed) =>
    refuse(`${row.name}${tag}`, "public subpaths only: see layers.config.js", from, {
      path: "^(packages|examples|tests)/",
      pathNot: any([own, ...allowed.flatMap(publicFile)]),
    })
  const file = (name) => `${own}src/${escape(name)}$`
  return [
    rule("", { path: `${own}src/`, pathNot: any([TEST, ...special.map(([f]) => file(f))]) }, row.securechat),
    ...special.map(([f, more]) => rule(`/${f}`, { path: file(f) }, [...row.securechat, ...more])),
    refuse(
      `${row.name} npm`,
      "see layers.config.js",
      { path: `${own}src/`, pathNot: TEST },
      { dependencyTypes: OUTSIDE, pathNot: any([npm(row.npm), "^packages/"]) },
    ),
  ]
}

const SHIPS = { path: "^packages/[^/]+/src/", pathNot: TEST }

module.exports = {
  forbidden: [
    ...CORE.flatMap(coreRow),
    ...PACKAGES.flatMap(packageRow),
    refuse(
      "unknown core folder",
      "a new folder is one new row of layers.config.js",
      { path: SRC, pathNot: any([...CORE.map((row) => place(row.name)), TEST]) },
      {},
    ),
    refuse(
      "core stands alone",
      "core imports no other package",
      { path: SRC, pathNot: TEST },
      { path: "^(packages|examples|tests)/", pathNot: "^packages/core/" },
    ),
    refuse("no cycles", "imports only go down", { path: "^packages/", pathNot: TEST }, { circular: true }),
    refuse(
      "declared dependencies only",
      "what ships must be in `dependencies` of its own package.json",
      SHIPS,
      { dependencyTypes: ["npm-dev", "npm-no-pkg", "npm-unknown"] },
    ),
    refuse("resolvable", "the import leads nowhere", {}, { couldNotResolve: true }),
    refuse(
      "public names",
      "another package is imported by its public name, never by a path",
      { path: "^(packages|examples)/([^/]+)/" },
      { path: "^(packages|examples|tests)/", pathNot: "^$1/$2/", dependencyTypes: ["local"] },
    ),
    refuse(
      "public names from tests",
      "another package is imported by its public name, never by a path",
      { path: "^(tests|bench)/" },
      // Five exceptions: the search for secrets reads what no public name shows, a forger bends the machine itself, the
      // simulation runs a relay without sockets and reads the numbers of messages, and the suite in the browser holds the
      // transports' timers.
      {
        path: "^(packages|examples)/",
        pathNot:
          "^packages/(core/test/(support/(secrets|own-messages)|channel/room-world)|server/test/support/without-sockets|transport-(ws|socketio)/src/(transport|socket\\.default|wire\\.default))\\.ts$",
        dependencyTypes: ["local"],
      },
    ),
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    // What the benchmarks compare with is installed by them alone; a test that was killed leaves its copies in reports.
    exclude: { path: "(^|/)(dist|reports)/|^bench/peers/" },
    tsPreCompilationDeps: "specify",
    combinedDependencies: false,
    moduleSystems: ["es6"],
    enhancedResolveOptions: {
      exportsFields: ["exports"],
      conditionNames: ["@securechat/source", "node", "import", "types", "default"],
      extensions: [".ts", ".tsx", ".js", ".mjs", ".json"],
    },
  },
}
