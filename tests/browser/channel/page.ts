/**
 * A page and its worker, each with a channel over a `MessagePort`; in between a hub of the page's own, which knows
 * nothing of channels: it passes on whatever it is told, to everybody, every third thing twice, and remembers it.
 */
import { messagePort } from "@securechat/core"
import { Member } from "../../channel/support/member.ts"
import { type Kept, type Question, type Report, reportOf } from "./worker.ts"

class Hub {
  readonly seen: (Uint8Array | string)[] = []
  readonly #ports: MessagePort[] = []

  join(): MessagePort {
    const { port1, port2 } = new MessageChannel()
    this.#ports.push(port1)
    port1.onmessage = ({ data }: MessageEvent<Uint8Array | string | null>) => {
      if (data === null) return
      this.seen.push(data)
      this.say(data)
      if (this.seen.length % 3 === 0) this.say(data)
    }
    return port2
  }
  say(what: Uint8Array | string): void {
    for (const port of this.#ports) port.postMessage(what)
  }
}

class Bo {
  readonly #worker = new Worker("/worker.js", { type: "module" })

  ask<Answer = Report>(question: Question): Promise<Answer> {
    const { port1, port2 } = new MessageChannel()
    const port = question.open?.port
    this.#worker.postMessage(question, port === undefined ? [port2] : [port2, port])
    return new Promise((resolve) => {
      port1.onmessage = ({ data }: MessageEvent<Answer>) => {
        resolve(data)
        port1.close()
      }
    })
  }
  /** As a page that is closed ends its worker: at once. */
  end(): void {
    this.#worker.terminate()
  }
}

export interface Story {
  readonly ada: Report
  readonly bo: Report
  /** What Bo had before he started again. */
  readonly boBefore: Report
  readonly mallory: Report
  /** All that the hub was told, as text of one character per byte. */
  readonly seen: string
}

const letters = (who: string, from: number, count: number, words: string): readonly string[] =>
  Array.from({ length: count }, (_, i) => `${who} ${from + i}: ${words}`)

const tell = async (half: number, words: string): Promise<Story> => {
  const hub = new Hub()
  const ada = await enter(hub, "bo")
  let bo = new Bo()
  await Promise.all([ada.open(), bo.ask({ open: { port: hub.join(), kept: [] } })])
  const mallory = await enter(hub)
  // Never opens: both already speak with somebody.
  mallory.open().catch(() => undefined)
  await Promise.all([ada.until(() => ada.strangers.length > 0), bo.ask({ strangers: 1 })])

  const app = hub.join()
  const exchange = async (from: number, already: number): Promise<Report> => {
    const before = ada.messages.length
    app.postMessage("the app's own talk")
    const [, report] = await Promise.all([
      ada.say(letters("ada", from, half, words)),
      bo.ask({ say: letters("bo", from, half, words), messages: already + half }),
      ada.until(() => ada.messages.length >= before + half),
    ])
    return report
  }
  const boBefore = await exchange(0, 0)
  const older = [...hub.seen]
  const kept = await bo.ask<Kept>({ keep: true })
  bo.end()
  bo = new Bo()
  await bo.ask({ open: { port: hub.join(), kept } })
  await bo.ask({ say: ["I am back"] })
  await ada.until(() => ada.texts.at(-1) === "I am back")
  // Hellos and first messages as they were, then whatever there was.
  for (const frame of older) if (typeof frame !== "string" && frame[1] !== 2) hub.say(frame)
  await exchange(half, 0)
  for (const frame of older) hub.say(frame)
  await Promise.all([ada.say(["good night"]), bo.ask({ say: ["good night"], messages: half + 1 })])
  await ada.until(() => ada.texts.at(-1) === "good night")
  return {
    ada: reportOf(ada),
    bo: await bo.ask({}),
    boBefore,
    mallory: reportOf(mallory),
    seen: hub.seen.map((said) => (typeof said === "string" ? said : latin1(said))).join("\n"),
  }
}
const enter = (hub: Hub, peer?: string): Promise<Member> =>
  Promise.resolve(new Member({ pipe: messagePort(hub.join()), context: "room-42", peer }))
const latin1 = (bytes: Uint8Array): string => Array.from(bytes, (byte) => String.fromCharCode(byte)).join("")

declare global {
  interface Window {
    tell: typeof tell
  }
}
window.tell = tell
