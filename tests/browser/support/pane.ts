/** One pane as a person meets it: by roles and names, not by the app's insides. */
import { expect } from "vitest"
import type { Locator, Page } from "playwright-core"
import { STEP_MS } from "./site.ts"

export type Role = "alice" | "bob"

const NAMES = { alice: "Alice", bob: "Bob" } as const
const peerOf = (role: Role): Role => (role === "alice" ? "bob" : "alice")

export interface Pane {
  readonly root: Locator
  readonly field: Locator
  readonly send: Locator
  readonly pill: Locator
  readonly log: Locator
  readonly sheet: Locator
  readonly blocked: Locator
  readonly button: (name: string) => Locator
  /** The bubble that says exactly this. */
  readonly message: (text: string) => Locator
  readonly write: (text: string) => Promise<void>
  readonly toBe: (level: "red" | "yellow" | "green", reason?: string) => Promise<void>
  readonly safetyNumber: () => Promise<string>
}

/** Waits for something on the page; fails with what it last saw. */
export const eventually = <T>(read: () => Promise<T>): ReturnType<typeof expect.poll<T>> =>
  expect.poll(read, { timeout: STEP_MS, interval: 25 })

const text = (locator: Locator): Locator => locator.locator(".text")

export const paneOf = (page: Page, role: Role): Pane => {
  const root = page.locator(`#pane-${role}`)
  const peer = NAMES[peerOf(role)]
  const button = (name: string): Locator => root.getByRole("button", { name, exact: true })
  const field = root.getByRole("textbox", { name: `Message to ${peer}` })
  const pill = root.getByRole("button", { name: new RegExp(`^Encryption with ${peer}:`) })
  const sheet = root.getByRole("dialog")
  return {
    root,
    field,
    pill,
    sheet,
    button,
    send: button("Send"),
    log: root.getByRole("log", { name: `Messages with ${peer}` }),
    blocked: root.locator(".blocked"),
    message: (said) =>
      root.locator(".message").filter({
        has: text(page.locator(".bubble")).getByText(said, { exact: true }),
      }),
    write: async (said) => {
      await field.fill(said)
      await field.press("Enter")
    },
    toBe: async (level, reason) => {
      const seen = async (): Promise<object> => ({
        level: await pill.getAttribute("data-level"),
        ...(reason === undefined ? {} : { reason: await pill.getAttribute("data-reason") }),
      })
      await eventually(seen).toEqual({ level, ...(reason === undefined ? {} : { reason }) })
    },
    safetyNumber: async () => {
      const isRed = (await pill.getAttribute("data-level")) === "red"
      if (!(await sheet.isVisible())) await (isRed ? button("Compare keys") : pill).click()
      await sheet.locator(".digits li").nth(11).waitFor()
      return (await sheet.locator(".digits li").allTextContents()).join(" ")
    },
  }
}

/** Both people open the number, find it equal, and say so. */
export const compareKeys = async (one: Pane, other: Pane): Promise<void> => {
  const [number, same] = [await one.safetyNumber(), await other.safetyNumber()]
  expect(number).toMatch(/^(\d{5} ){11}\d{5}$/)
  expect(same).toBe(number)
  for (const pane of [one, other]) {
    await pane.button("They match").click()
    await pane.button("Done").click()
  }
}
