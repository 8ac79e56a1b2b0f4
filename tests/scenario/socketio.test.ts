/** Two people, a relay that dies and comes back, and a chat's life, once more over Socket.IO. */
import { describe } from "vitest"
import { goBy } from "../support/transports.ts"

goBy("socket.io")

describe("over Socket.IO", async () => {
  await import("./two-people.test.ts")
  await import("./trouble.test.ts")
  await import("./lifecycle.test.ts")
})
