/** Idle connections once more, over Socket.IO. */
import { it } from "vitest"
import { goBy } from "../support/transports.ts"
import { hold } from "./clients.ts"

goBy("socket.io")

it("holds connections over Socket.IO that are logged in and say nothing", async () => {
  await hold(Number(process.env["LOAD_SOCKETIO"] ?? 50), "connections over Socket.IO", 45)
}, 600_000)
