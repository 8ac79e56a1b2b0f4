import { afterEach, describe, expect, it, vi } from "vitest"
import { onWake } from "./wake.ts"

/** A page as a browser has it, with what it was told to listen to. */
const page = (): EventTarget & { visibilityState: string } =>
  Object.assign(new EventTarget(), { visibilityState: "hidden" })

afterEach(() => {
  vi.unstubAllGlobals()
})

describe("moments worth a try at once", () => {
  it("are a network that came back and a page that became visible, until they are not asked for", () => {
    const scope = new EventTarget()
    const document = page()
    vi.stubGlobal("addEventListener", scope.addEventListener.bind(scope))
    vi.stubGlobal("removeEventListener", scope.removeEventListener.bind(scope))
    vi.stubGlobal("document", document)
    let tries = 0
    const stop = onWake(() => tries++)
    scope.dispatchEvent(new Event("online"))
    expect(tries).toBe(1)
    document.dispatchEvent(new Event("visibilitychange"))
    expect(tries).toBe(1)
    document.visibilityState = "visible"
    document.dispatchEvent(new Event("visibilitychange"))
    expect(tries).toBe(2)
    stop()
    scope.dispatchEvent(new Event("online"))
    document.dispatchEvent(new Event("visibilitychange"))
    expect(tries).toBe(2)
  })

  it("do not exist where the runtime has none", () => {
    onWake(() => undefined)()
  })
})
