/**
 * Where state is kept: values under paths, written all or nothing. Drivers see bytes only. Not its
 * concern: what the values mean, and (once durable drivers exist) sealing.
 */
export type StorePath = readonly string[]

export type StoreOp =
  | { readonly type: "set"; readonly key: StorePath; readonly value: Uint8Array }
  | { readonly type: "delete"; readonly key: StorePath }

export interface ListOptions {
  readonly after?: StorePath | undefined
  readonly limit?: number | undefined
  readonly reverse?: boolean | undefined
}

export interface Store {
  /** False: gone with the process. */
  readonly durable: boolean
  get(key: StorePath): Promise<Uint8Array | undefined>
  /** In path order: component by component, by UTF-16 code units. Values are copies. */
  list(prefix: StorePath, options?: ListOptions): AsyncIterable<readonly [StorePath, Uint8Array]>
  /** All or nothing, durable when it resolves. */
  batch(ops: readonly StoreOp[]): Promise<void>
  close?(): Promise<void>
}
