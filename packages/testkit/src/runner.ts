/**
 * What a suite asks of its caller: any runner's `describe` and `it`, and the few assertions suites
 * need, so that they run under each runner and in browsers.
 */
export interface Runner {
  readonly describe: (name: string, fn: () => void) => void
  readonly it: (name: string, fn: () => Promise<void> | void) => void
}

const plain = (value: unknown): unknown =>
  value instanceof Uint8Array ? { bytes: Array.from(value) } : value

/** JSON of what suites compare: paths, bytes, numbers, text. */
const show = (value: unknown): string => JSON.stringify([value], (_, inner: unknown) => plain(inner))

/** @throws Error when the two do not show the same. */
export const equal = (actual: unknown, expected: unknown, what: string): void => {
  if (show(actual) !== show(expected))
    throw new Error(`${what}: ${show(actual)} instead of ${show(expected)}`)
}

/** @throws Error unless `work` rejects, with this code where one is given. */
export const rejects = async (work: Promise<unknown>, what: string, code?: string): Promise<void> => {
  let error: unknown
  try {
    await work
  } catch (caught) {
    error = caught
  }
  if (error === undefined) throw new Error(`${what}: resolved`)
  if (code !== undefined) equal((error as { code?: unknown }).code, code, what)
}
