/**
 * One write for all frames of a turn: a write is a call into the kernel and was a quarter of the relay's time. A socket is
 * held back from its first frame until the input that is there has been read, and not longer: nothing waits for a timer.
 */
import type { Duplex } from "node:stream"

const held = new Set<Duplex>()

const release = (): void => {
  const sockets = [...held]
  held.clear()
  for (const socket of sockets) socket.uncork()
}

/** What is written to this socket in this turn leaves together at its end. */
export const holdForTurn = (socket: Duplex): void => {
  if (held.has(socket)) return
  if (held.size === 0) setImmediate(release)
  held.add(socket)
  socket.cork()
}
