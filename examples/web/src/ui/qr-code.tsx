/** A QR code as one SVG path. The encoder is loaded when the first code is shown. */
import { useSignal } from "@preact/signals"
import type { JSX } from "preact"
import { useEffect } from "preact/hooks"

/** Modules of the quiet zone the standard asks for. */
const QUIET = 4

/** One square per dark module, as path commands. */
const squares = (matrix: readonly (readonly boolean[])[]): string =>
  matrix.flatMap((row, y) => row.map((dark, x) => (dark ? `M${x} ${y}h1v1h-1z` : ""))).join("")

const draw = async (bytes: Uint8Array): Promise<{ readonly path: string; readonly size: number }> => {
  const { encodeQR } = await import("qr")
  // The payload is bytes, not text: the encoder is handed them as they are.
  const matrix = encodeQR("", "raw", { encoding: "byte", border: QUIET, textEncoder: () => bytes })
  return { path: squares(matrix), size: matrix.length }
}

export const QrCode = ({ bytes, label }: { bytes: Uint8Array; label: string }): JSX.Element => {
  const code = useSignal<{ readonly path: string; readonly size: number } | undefined>(undefined)
  useEffect(() => {
    let current = true
    void draw(bytes).then((drawn) => {
      if (current) code.value = drawn
    })
    return () => {
      current = false
    }
  }, [bytes])
  const { path, size } = code.value ?? { path: "", size: 1 }
  return (
    <svg
      class="qr"
      viewBox={`0 0 ${size} ${size}`}
      role="img"
      aria-label={label}
      shape-rendering="crispEdges"
    >
      <path d={path} />
    </svg>
  )
}
