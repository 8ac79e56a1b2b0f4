/** The safety number as a code for a camera, drawn with half blocks: two modules in each character cell. */
import { encodeQR } from "qr"

/** The text form of protocol bytes: what a camera app hands on must be text. protocol.md §1.1 */
export const qrText = (payload: Uint8Array): string => `sc1.${Buffer.from(payload).toString("base64url")}`

const CELLS = ["█", "▀", "▄", " "] as const

/** Rows of characters; light modules are drawn, so that a dark terminal shows the quiet zone. */
export const qrRows = (payload: Uint8Array): readonly string[] => {
  const modules = encodeQR(qrText(payload), "raw", { ecc: "low", border: 2 })
  const dark = (row: number, column: number): boolean => modules[row]?.[column] ?? true
  const columns = modules[0]?.length ?? 0
  return Array.from({ length: Math.ceil(modules.length / 2) }, (_, half) =>
    Array.from({ length: columns }, (__, column) => {
      const cell = (dark(2 * half, column) ? 2 : 0) + (dark(2 * half + 1, column) ? 1 : 0)
      return CELLS[cell as 0 | 1 | 2 | 3]
    }).join(""),
  )
}
