/** A time a peer claims, as a date: it may claim any, ECMAScript knows dates up to 8.64e15 ms only. */
const LAST_DATE_MS = 8.64e15

/** @param ms milliseconds since 1970, u53; later ones become the last date there is. */
export const dateOf = (ms: number): Date => new Date(Math.min(ms, LAST_DATE_MS))
