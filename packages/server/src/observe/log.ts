/** Pino behind the library's logger: one JSON line each on standard output. relay.md §11 */
import type { Logger } from "@securechat/core/transport"
import { type DestinationStream, pino } from "pino"

export type LogLevel = "debug" | "info" | "warn" | "error" | "silent"

/** @param to where lines go; default standard output. */
export const jsonLogger = (level: LogLevel = "info", to?: DestinationStream): Logger => {
  const options = {
    level,
    base: null,
    messageKey: "event",
    timestamp: () => `,"time":"${new Date().toISOString()}"`,
    formatters: { level: (label: string) => ({ level: label }) },
  }
  const lines = to === undefined ? pino(options) : pino(options, to)
  return {
    debug: (event, context) => {
      lines.debug(context ?? {}, event)
    },
    info: (event, context) => {
      lines.info(context ?? {}, event)
    },
    warn: (event, context) => {
      lines.warn(context ?? {}, event)
    },
    error: (event, context) => {
      lines.error(context ?? {}, event)
    },
  }
}
