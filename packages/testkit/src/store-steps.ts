/** What the parts of the store suite share. */
import type { Store, StoreOp, StorePath } from "@securechat/core"

export const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values)
export const set = (key: StorePath, ...values: number[]): StoreOp => ({
  type: "set",
  key,
  value: bytes(...values),
})
export const remove = (key: StorePath): StoreOp => ({ type: "delete", key })

export const pathsOf = async (found: ReturnType<Store["list"]>): Promise<StorePath[]> => {
  const paths: StorePath[] = []
  for await (const [path] of found) paths.push(path)
  return paths
}

/** Each test gets its own store and gives it back. */
export const using =
  (make: () => Promise<Store>, test: (store: Store) => Promise<void>): (() => Promise<void>) =>
  async () => {
    const store = await make()
    try {
      await test(store)
    } finally {
      await store.close?.()
    }
  }
