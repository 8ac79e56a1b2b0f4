/** What `npm run bench` measures of sealed streams: the whole of it, source to sealed pieces and back, read in steps of 1 MiB. */
import { concat } from "../../src/bytes/concat.ts"
import { platformDeps } from "../../src/deps.ts"
import { openStream } from "../../src/stream/open.ts"
import { sealStream } from "../../src/stream/seal.ts"

const MIB = 1024 * 1024
const what = { secret: platformDeps.random(32), purpose: "file" } as const

interface Sized {
  readonly mebibytes: number
}
/** One buffer again and again, as a reader of files has it. */
function* file(mebibytes: number): Generator<Uint8Array> {
  const step = platformDeps.random(65_536)
  const piece = concat(...Array.from({ length: 16 }, () => step))
  for (let i = 0; i < mebibytes; i++) yield piece
}
const length = async (stream: AsyncIterable<Uint8Array>): Promise<number> => {
  let bytes = 0
  for await (const piece of stream) bytes += piece.length
  return bytes
}
/** As a reader of a sealed file gets it: pieces of 1 MiB, which are no chunks. */
async function sealedFile(mebibytes: number): Promise<readonly Uint8Array[]> {
  const whole = new Uint8Array(mebibytes * (MIB + 256) + 72)
  let at = 0
  for await (const piece of sealStream(file(mebibytes), what, platformDeps)) {
    whole.set(piece, at)
    at += piece.length
  }
  return Array.from({ length: Math.ceil(at / MIB) }, (_, i) =>
    whole.subarray(i * MIB, Math.min(at, (i + 1) * MIB)),
  )
}

export const tasks = {
  seal: ({ mebibytes }: Sized) => ({
    worth: mebibytes,
    work: async () => {
      const sealed = await length(sealStream(file(mebibytes), what, platformDeps))
      if (sealed !== 72 + mebibytes * (MIB + 256)) throw new Error(`sealed to ${sealed} bytes`)
    },
  }),
  open: async ({ mebibytes }: Sized) => {
    const sealed = await sealedFile(mebibytes)
    return {
      worth: mebibytes,
      work: async () => {
        const opened = await length(openStream(sealed, what))
        if (opened !== mebibytes * MIB) throw new Error(`opened to ${opened} bytes`)
      },
    }
  },
}
