/** A fault for the sources, and the test that must notice. */
export interface Fault {
  readonly name: string
  /** Below the root of the repository. */
  readonly file: string
  /** Text that stands exactly once in `file`: when it moves, its fault has to follow. */
  readonly find: string
  readonly replace: string
  /** A test file below the root, and the end of the full name of the test in it that must fail. */
  readonly test: string
  readonly caughtBy: string
}
