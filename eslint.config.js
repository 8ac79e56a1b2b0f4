// Typed lint, the size caps of the house style, and the few habits a compiler cannot check. A rule that is in the
// way is switched off on one line with its reason: `// eslint-disable-next-line rule -- why`.
import { defineConfig, globalIgnores } from "eslint/config"
import tseslint from "typescript-eslint"

const forbidden = (selector, message) => ({ selector, message })
const NO_DEFAULT = forbidden("ExportDefaultDeclaration", "Named exports only: a name that can be searched.")
const SYNTAX = [
  forbidden("TSEnumDeclaration", "Use a union of literals or an `as const` object."),
  forbidden("TSModuleDeclaration[kind!='global']", "Use a module, not a namespace."),
  forbidden("TSParameterProperty", "Write the field out: parameter properties are not erasable."),
  forbidden("TSExportAssignment", "ESM only."),
  forbidden("ExportSpecifier[exported.name='default']", "Named exports only: a name that can be searched."),
]
const PLATFORM = [
  forbidden(
    "UnaryExpression[operator='typeof'][argument.name=/^(window|document|process|navigator|Deno|Bun)$/]",
    "The platform is chosen by an `imports` condition, never by looking.",
  ),
  forbidden(
    "MemberExpression[object.name='Math'][property.name='random']",
    "Not a source of keys: use deps.random.",
  ),
]
const AMBIENT = [
  forbidden("MemberExpression[object.name='Date'][property.name='now']", "Time comes in as deps.nowMs."),
  forbidden("NewExpression[callee.name='Date'][arguments.length=0]", "Time comes in as deps.nowMs."),
  forbidden("AwaitExpression", "A protocol folder computes: no await, so no two operations interleave."),
  forbidden(
    "CallExpression[callee.name=/^(setTimeout|setInterval|queueMicrotask|fetch)$/]",
    "A protocol folder computes: effects belong to runtime.",
  ),
]
const PROTOCOL_FOLDERS =
  "bytes,primitives,fernet,wire,content,identity,handshake,ratchet,session,conversation"

export default defineConfig(
  globalIgnores(["**/dist/**", "**/reports/**", "**/coverage/**", "**/node_modules/**"]),
  { linterOptions: { reportUnusedDisableDirectives: "error" } },
  {
    files: ["**/*.{ts,tsx}"],
    extends: [tseslint.configs.strictTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      "max-lines": ["error", { max: 300, skipBlankLines: true, skipComments: true }],
      "max-lines-per-function": ["error", { max: 50, skipBlankLines: true, skipComments: true, IIFEs: true }],
      "max-params": ["error", 4],
      "max-depth": ["error", 3],
      "no-restricted-syntax": ["error", ...SYNTAX],
      eqeqeq: "error",
      "no-var": "error",
      "prefer-const": "error",
      "no-eval": "error",
      "no-implied-eval": "off",
      "no-param-reassign": "error",
      "@typescript-eslint/consistent-type-imports": ["error", { fixStyle: "inline-type-imports" }],
      "@typescript-eslint/explicit-module-boundary-types": "error",
      "@typescript-eslint/no-import-type-side-effects": "error",
      "@typescript-eslint/no-unused-vars": ["error", { argsIgnorePattern: "^_", varsIgnorePattern: "^_" }],
      "@typescript-eslint/restrict-template-expressions": [
        "error",
        { allowNumber: true, allowBoolean: true },
      ],
      "@typescript-eslint/strict-void-return": "off",
      "@typescript-eslint/switch-exhaustiveness-check": [
        "error",
        { considerDefaultExhaustiveForUnions: true, requireDefaultForNonUnion: false },
      ],
    },
  },
  {
    files: ["**/*.{ts,tsx}"],
    ignores: ["**/*.config.ts", "**/*.test.{ts,tsx}"],
    rules: { "no-restricted-syntax": ["error", ...SYNTAX, NO_DEFAULT] },
  },
  {
    files: ["packages/*/src/**/*.ts"],
    ignores: ["**/*.test.ts"],
    rules: {
      "no-console": "error",
      "no-restricted-syntax": ["error", ...SYNTAX, NO_DEFAULT, ...PLATFORM],
    },
  },
  {
    files: [`packages/core/src/{${PROTOCOL_FOLDERS}}/**/*.ts`],
    ignores: ["**/*.test.ts"],
    rules: { "no-restricted-syntax": ["error", ...SYNTAX, NO_DEFAULT, ...PLATFORM, ...AMBIENT] },
  },
  { files: ["packages/server/src/main.ts"], rules: { "no-console": "off" } },
  {
    // A suite is one long list of sentences, and a test may poke at what a caller must not.
    files: ["**/*.test.{ts,tsx}", "packages/*/test/**/*.ts", "packages/testkit/src/**/*.ts", "tests/**/*.ts"],
    rules: {
      "max-lines-per-function": "off",
      "@typescript-eslint/no-non-null-assertion": "off",
      "@typescript-eslint/no-unsafe-assignment": "off", // expect.any() and friends are `any`
      "@typescript-eslint/no-empty-function": "off",
      "@typescript-eslint/require-await": "off",
      "@typescript-eslint/unbound-method": "off", // the parts of a made world are taken out by name
    },
  },
  {
    files: [
      "packages/*/test/bench/*.ts",
      "tests/load/{contest,chat,growth}.ts",
      "tests/browser/contest.ts",
      "bench/sizes.ts",
    ],
    rules: { "@typescript-eslint/explicit-module-boundary-types": "off" }, // a table of tasks types itself
  },
  {
    // Configuration files belong to no package's tsconfig: tsup's own types do not pass skipLibCheck: false.
    files: ["**/*.config.ts", "scripts/**/*.ts"],
    extends: [tseslint.configs.disableTypeChecked],
    languageOptions: { parserOptions: { projectService: false, project: false } },
    rules: { "@typescript-eslint/explicit-module-boundary-types": "off" },
  },
  {
    files: ["**/*.{js,mjs,cjs}"],
    extends: [tseslint.configs.strict],
    rules: {
      "max-lines": ["error", { max: 300, skipBlankLines: true, skipComments: true }],
      "max-lines-per-function": ["error", { max: 50, skipBlankLines: true, skipComments: true }],
      "max-params": ["error", 4],
      "max-depth": ["error", 3],
      "@typescript-eslint/no-require-imports": "off",
    },
  },
)
