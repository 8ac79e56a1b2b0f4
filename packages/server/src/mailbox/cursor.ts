/** Cursors of the drivers with numbered places: the epoch in hex, a dot, the place. */

export const cursorAt = (epoch: string, place: number): string => `${epoch}.${place}`

/** Place of a cursor of this epoch; another spelling, another epoch or nothing: undefined. */
export const placeOf = (epoch: string, cursor: string): number | undefined => {
  const match = /^([0-9a-f]{32})\.([1-9][0-9]{0,15})$/.exec(cursor)
  return match?.[1] === epoch ? Number(match[2]) : undefined
}
