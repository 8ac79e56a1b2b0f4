/** Small files of mode 0600 beside a store: its key, for who has no passphrase, and its marker. Node only. */
import { closeSync, fstatSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from "node:fs"
import { dirname } from "node:path"
import { copy } from "../bytes/concat.ts"
import { type Bytes, platformDeps } from "../deps.ts"
import { SecureChatError } from "../errors.ts"
import type { StoreKey } from "./store-key.ts"
import type { StoreMarker } from "./store.ts"

const KEY_BYTES = 32
const OTHERS = 0o077

const isCode = (error: unknown, code: string): boolean => (error as NodeJS.ErrnoException).code === code

/** Runs `work` on the open file, and closes it. */
const withFile = <T>(path: string, flags: string, work: (file: number) => T): T => {
  const file = openSync(path, flags, 0o600)
  try {
    return work(file)
  } finally {
    closeSync(file)
  }
}

/** What the file holds, from the very file whose mode was looked at; undefined: there is none. @throws ERR_CONFIG_INVALID */
const readKey = (path: string): Bytes | undefined => {
  try {
    return withFile(path, "r", (file) => {
      // Windows has no such bits and reports them set.
      if (process.platform !== "win32" && (fstatSync(file).mode & OTHERS) !== 0)
        throw new SecureChatError("ERR_CONFIG_INVALID", "the key file can be read by others", {
          hint: `chmod 600 ${path}`,
        })
      return copy(readFileSync(file))
    })
  } catch (error) {
    if (isCode(error, "ENOENT")) return undefined
    throw SecureChatError.is(error) ? error : unreadable(error)
  }
}
const unreadable = (cause: unknown): SecureChatError =>
  new SecureChatError("ERR_STORE_UNAVAILABLE", "the key file cannot be used", { cause })

/** On the disk before the store that needs it is. A file that appeared meanwhile is not written over. */
const makeKey = (path: string): Bytes => {
  const key = platformDeps.random(KEY_BYTES)
  try {
    withFile(path, "wx", (file) => {
      writeSync(file, key)
      fsyncSync(file)
    })
    // Windows cannot open a folder.
    if (process.platform !== "win32") withFile(dirname(path), "r", fsyncSync)
  } catch (error) {
    throw unreadable(error)
  }
  return key
}

/**
 * A random key in a file of mode 0600, made with the store. It keeps a copy of the store alone unreadable, e.g. in a
 * backup without this file. Whoever can read both, which is every program of this user, reads everything.
 */
export const fileKey =
  (path: string): StoreKey =>
  async ({ reason }) => {
    const key = readKey(path) ?? (reason === "create" ? makeKey(path) : undefined)
    if (key?.length === KEY_BYTES) return Promise.resolve(key)
    throw new SecureChatError(
      "ERR_STORE_WRONG_KEY",
      key === undefined ? "the key file is gone" : "this is no key file",
      {
        hint: "Put back the file that was made with this store. None is made anew for it.",
        details: { kind: "key" },
      },
    )
  }

/** Renamed into place: it is the old one or the new one. Not synced, for a lost one only tells less. */
export const fileMarker = (path: string): StoreMarker => ({
  read: async () => {
    try {
      return await Promise.resolve(copy(readFileSync(path)))
    } catch (error) {
      if (isCode(error, "ENOENT")) return undefined
      throw error
    }
  },
  write: async (value) => {
    withFile(`${path}.new`, "w", (file) => writeSync(file, value))
    renameSync(`${path}.new`, path)
    await Promise.resolve()
  },
})
