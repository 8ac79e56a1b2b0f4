/** What the relay refuses, what it does for devices, and several relays, once more over Socket.IO. */
import { describe } from "vitest"
import { goBy } from "../support/transports.ts"

goBy("socket.io")

describe("over Socket.IO", async () => {
  await import("./hostile.test.ts")
  await import("./service.test.ts")
  await import("./several.test.ts")
})
