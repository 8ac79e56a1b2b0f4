/** The safety number as a code for a camera, drawn with half blocks: two modules in each character cell. */
import { encodeQR } from "qr"

/** The payload is bytes, not text; a thin quiet zone is enough where all around is dark. */
const BYTES_AS_THEY_ARE = { encoding: "byte", ecc: "low", border: 2 } as const
const CELLS = ["█", "▀", "▄", " "] as const

/** Rows of characters; light modules are drawn, so that a dark terminal shows the quiet zone. */
export const qrRows = (payload: Uint8Array): readonly string[] => {
  const modules = encodeQR("", "raw", { ...BYTES_AS_THEY_ARE, textEncoder: () => payload })
  const dark = (row: number, column: number): boolean => modules[row]?.[column] ?? true
  const columns = modules[0]?.length ?? 0
  return Array.from({ length: Math.ceil(modules.length / 2) }, (_, half) =>
    Array.from({ length: columns }, (__, column) => {
      const cell = (dark(2 * half, column) ? 2 : 0) + (dark(2 * half + 1, column) ? 1 : 0)
      return CELLS[cell as 0 | 1 | 2 | 3]
    }).join(""),
  )
}
