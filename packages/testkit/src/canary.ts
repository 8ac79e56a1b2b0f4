/** Searching bytes for secrets in every spelling a leak would have: raw, hex, base64, base64url. */

/** One character per byte, so that the engine's own text search can be used on bytes. */
const latin1 = (bytes: Uint8Array): string => {
  if (typeof Buffer !== "undefined")
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("latin1")
  const STEP = 4_096
  let text = ""
  for (let at = 0; at < bytes.length; at += STEP)
    text += String.fromCharCode(...bytes.subarray(at, at + STEP))
  return text
}

const hex = (bytes: Uint8Array): string =>
  Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("")

/** What base64 of any text holds that contains these bytes at this offset modulo 3: whole groups only. */
const base64At = (bytes: Uint8Array, skip: number): string => {
  const whole = bytes.subarray(skip, skip + Math.floor((bytes.length - skip) / 3) * 3)
  return btoa(latin1(whole))
}

/** Shorter than this, a form is found by chance. Six bytes, the least that one base64 form covers, are 8 characters. */
const MIN_BYTES = 8

/**
 * @throws Error for a canary under 8 bytes: it would be found everywhere, or nowhere for certain.
 */
export const canaryForms = (bytes: Uint8Array): readonly string[] => {
  if (bytes.length < MIN_BYTES) throw new Error(`a canary of ${bytes.length} bytes, at least ${MIN_BYTES}`)
  const base64 = [0, 1, 2].map((skip) => base64At(bytes, skip))
  const url = base64.map((text) => text.replaceAll("+", "-").replaceAll("/", "_"))
  return [...new Set([latin1(bytes), hex(bytes), hex(bytes).toUpperCase(), ...base64, ...url])]
}

/** Up to here every form is searched for by itself. */
const FEW_FORMS = 100

export interface Canary {
  readonly name: string
  readonly bytes: Uint8Array
}

/**
 * A search for all canaries at once: one pass, however many thousand message keys there are.
 *
 * @returns what names the canaries found in some bytes, each once.
 */
export const canarySearch = (canaries: readonly Canary[]): ((seen: Uint8Array) => readonly string[]) => {
  const byStart = new Map<string, { readonly form: string; readonly name: string }[]>()
  for (const { name, bytes } of canaries)
    for (const form of canaryForms(bytes)) {
      const start = form.slice(0, MIN_BYTES)
      byStart.set(start, [...(byStart.get(start) ?? []), { form, name }])
    }
  const forms = [...byStart.values()].flat()
  return (seen) => {
    const text = latin1(seen)
    // The engine's own search is faster while there is little to look for.
    if (forms.length <= FEW_FORMS)
      return [...new Set(forms.filter(({ form }) => text.includes(form)).map(({ name }) => name))]
    const found = new Set<string>()
    for (let at = 0; at + MIN_BYTES <= text.length; at++)
      for (const { form, name } of byStart.get(text.slice(at, at + MIN_BYTES)) ?? [])
        if (text.startsWith(form, at)) found.add(name)
    return [...found]
  }
}
