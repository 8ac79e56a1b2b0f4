/** The two people of the demo, and the handles they sign in with. */
import { strings } from "./strings.ts"

export type Role = "alice" | "bob"

export interface Person {
  readonly role: Role
  /** As shown. */
  readonly name: string
  /** As the relay knows them: fresh per demo, so that a reload never meets a handle its lost identity holds. */
  readonly handle: string
}

export const otherRole = (role: Role): Role => (role === "alice" ? "bob" : "alice")

export const person = (role: Role, demo: string): Person => ({
  role,
  name: strings.names[role],
  handle: `${role}-${demo}`,
})

// Without 0/o and 1/l: people read these aloud. 32 letters, so that a byte's low five bits choose evenly.
const ALPHABET = "abcdefghijkmnpqrstuvwxyz23456789"

/** Four letters; names a pair of people, protects nothing. */
export const newDemoId = (): string =>
  Array.from(crypto.getRandomValues(new Uint8Array(4)), (byte) => ALPHABET.charAt(byte & 31)).join("")

export const isDemoId = (text: string): boolean => /^[a-z0-9]{2,16}$/.test(text)
