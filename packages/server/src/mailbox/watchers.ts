/** Who waits for mail of which device, in this process. */
export class Watchers {
  readonly #byDevice = new Map<string, Set<() => void>>()

  watch(device: string, onMail: () => void): () => void {
    const watchers = this.#byDevice.get(device) ?? new Set()
    watchers.add(onMail)
    this.#byDevice.set(device, watchers)
    return () => {
      watchers.delete(onMail)
      if (watchers.size === 0 && this.#byDevice.get(device) === watchers) this.#byDevice.delete(device)
    }
  }

  wake(device: string): void {
    for (const onMail of this.#byDevice.get(device) ?? []) onMail()
  }

  clear(): void {
    this.#byDevice.clear()
  }
}
