import { decodeQR } from "qr/decode.js"
import { expect, it } from "vitest"
import { qrRows } from "./qr.ts"

const PAYLOAD = Uint8Array.from({ length: 65 }, (_, i) => (i * 37) & 0xff)

/** Photographs the drawing: each half block becomes two rows of pixels, drawn parts white. */
const photograph = (
  rows: readonly string[],
  scale: number,
): { width: number; height: number; data: Uint8Array } => {
  const width = (rows[0]?.length ?? 0) * scale
  const height = rows.length * 2 * scale
  const data = new Uint8Array(width * height * 4).fill(255)
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const module = Math.floor(y / scale)
      const cell = Array.from(rows[module >> 1] ?? "")[Math.floor(x / scale)]
      const light = cell === "█" || cell === (module % 2 === 0 ? "▀" : "▄")
      data.fill(light ? 255 : 0, (y * width + x) * 4, (y * width + x) * 4 + 3)
    }
  }
  return { width, height, data }
}

it("the drawn code is read back as the payload", () => {
  const read = decodeQR(photograph(qrRows(PAYLOAD), 6), {
    textDecoder: (bytes) => Buffer.from(bytes).toString("hex"),
  })
  expect(read).toBe(Buffer.from(PAYLOAD).toString("hex"))
})

it("the code fits a terminal of 80 columns and 24 rows beside its number", () => {
  const rows = qrRows(PAYLOAD)
  expect(rows.length).toBeLessThanOrEqual(22)
  for (const row of rows) expect(row.length).toBeLessThanOrEqual(44)
})
