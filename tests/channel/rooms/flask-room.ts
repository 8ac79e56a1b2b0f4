/** A Flask-SocketIO server as a beginner writes it, in a Python of its own: as it passes bytes, and as it passes JSON. */
import { spawn } from "node:child_process"
import { once } from "node:events"
import { createInterface } from "node:readline"
import { fileURLToPath } from "node:url"
import { type SocketIoOptions, socketIo } from "@securechat/transport-socketio"
import type { StrangersRoom } from "./room.ts"
import { appTalk } from "./socketio-room.ts"

/** A Python that has it; empty: the test runner looked, and there is none. */
export const FLASK = process.env["SECURECHAT_FLASK"] ?? "/usr/bin/python3"
const SCRIPT = fileURLToPath(new URL("flask_chat.py", import.meta.url))
/** Eventlet says so, and where: port 0 is any free one. */
const STARTED = /wsgi starting up on (http:\/\/\S+)/

interface Server extends AsyncDisposable {
  readonly url: string
}

const start = async (): Promise<Server> => {
  const child = spawn(FLASK, ["-u", SCRIPT, "0"], { stdio: ["ignore", "ignore", "pipe"] })
  const said: string[] = []
  const lines = createInterface({ input: child.stderr })
  const url = await new Promise<string>((resolve, reject) => {
    lines.on("line", (line) => {
      said.push(line)
      const [, found] = STARTED.exec(line) ?? []
      if (found !== undefined) resolve(found)
    })
    child.once("error", reject)
    child.once("exit", () => {
      reject(new Error(`the server ended:\n${said.join("\n")}`))
    })
  })
  return {
    url,
    [Symbol.asyncDispose]: async () => {
      if (child.exitCode !== null) return
      child.kill()
      await once(child, "exit")
    },
  }
}

const roomOf = async (
  options: SocketIoOptions,
  payloadOf: (text: string) => unknown,
): Promise<StrangersRoom> => {
  const server = await start()
  const { event = "message", join } = options
  return {
    join: () => socketIo(server.url, options),
    chat: (text) => appTalk(server.url, { event, join, payload: payloadOf(text) }),
    seen: async () => Buffer.from(await (await fetch(`${server.url}/history`)).arrayBuffer()),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  }
}

/** It broadcasts whatever it is sent. */
export const flaskRoom = (): Promise<StrangersRoom> => roomOf({ event: "message" }, (text) => text)

const lineOf = (text: unknown): unknown => ({ room: "42", user: "somebody", text })
/** It passes lines of text, to those who have joined. */
export const flaskJsonRoom = (): Promise<StrangersRoom> =>
  roomOf(
    {
      event: "chat",
      encoding: "base64url",
      join: { event: "join", payload: "42" },
      wrap: lineOf,
      unwrap: (line) => (line as { readonly text: string }).text,
    },
    lineOf,
  )
