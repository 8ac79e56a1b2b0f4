/** Modules of core that stand on `#primitives`, loaded over one back end or the other. */
import { vi } from "vitest"
import type { Primitives } from "../../src/primitives/primitives.ts"

/** `load` imports afresh, with `primitives` in the place of `#primitives`. Both are real ones. */
export const over = async <T>(primitives: Primitives, load: () => Promise<T>): Promise<T> => {
  vi.resetModules()
  vi.doMock("#primitives", () => primitives)
  try {
    return await load()
  } finally {
    vi.doUnmock("#primitives")
    vi.resetModules()
  }
}
