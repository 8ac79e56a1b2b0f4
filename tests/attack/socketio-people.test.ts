/** Rows about what people send each other through a hostile relay, once more over Socket.IO: a file of their own for the time they take. */
import { describe } from "vitest"
import { goBy } from "../support/transports.ts"

goBy("socket.io")

describe("over Socket.IO", async () => {
  await import("./deceived.test.ts")
  await import("./identity.test.ts")
  await import("./messages.test.ts")
  await import("./resend.test.ts")
})
