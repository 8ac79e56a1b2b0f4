/** Cursors of the drivers with numbered places: the epoch in hex, a dot, the place. */

export const cursorAt = (epoch: string, place: number): string => `${epoch}.${place}`

const MAX_DIGITS = 16

/** Place of a cursor of this epoch; another spelling, another epoch or nothing: undefined. */
export const placeOf = (epoch: string, cursor: string): number | undefined => {
  const digits = cursor.length - epoch.length - 1
  if (digits < 1 || digits > MAX_DIGITS || !cursor.startsWith(epoch) || cursor[epoch.length] !== ".")
    return undefined
  const text = cursor.slice(epoch.length + 1)
  const place = Number(text)
  return place > 0 && String(place) === text && Number.isInteger(place) ? place : undefined
}
