import type { FreshMail } from "./mailbox.ts"

type OnMail = (fresh?: FreshMail) => void

/** Who waits for mail of which device, in this process. Nearly always one: a device is connected once. */
export class Watchers {
  readonly #byDevice = new Map<string, readonly OnMail[]>()

  watch(device: string, onMail: OnMail): () => void {
    this.#byDevice.set(device, [...(this.#byDevice.get(device) ?? []), onMail])
    return () => {
      const left = this.#byDevice.get(device)?.filter((other) => other !== onMail) ?? []
      if (left.length > 0) this.#byDevice.set(device, left)
      else this.#byDevice.delete(device)
    }
  }

  /** Is anybody waiting? What wakes need not be made for nobody. */
  has(device: string): boolean {
    return this.#byDevice.has(device)
  }

  wake(device: string, fresh?: FreshMail): void {
    for (const onMail of this.#byDevice.get(device) ?? []) onMail(fresh)
  }

  clear(): void {
    this.#byDevice.clear()
  }
}
