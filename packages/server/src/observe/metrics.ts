/** Figures for Prometheus; the names are the table of `docs/operations.md`. */
import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from "prom-client"

export interface Metrics {
  count(name: string, by?: number, labels?: Readonly<Record<string, string>>): void
  gauge(name: string, value: number, labels?: Readonly<Record<string, string>>): void
  observe(name: string, value: number, labels?: Readonly<Record<string, string>>): void
}

const COUNTERS: Readonly<Record<string, readonly [help: string, label?: string]>> = {
  logins: ["Logins by result", "result"],
  submits: ["Envelopes submitted"],
  deliveries: ["Envelopes handed to a device, repeats included"],
  acks: ["Acks that moved a mailbox on"],
  signals: ["Signals passed on"],
  nacks: ["Requests refused, by code", "code"],
  byes: ["Connections ended by the relay, by code", "code"],
  last_resort_uses: ["Bundles served without a one-time ML-KEM key"],
  refused_upgrades: ["Connections refused before the upgrade, by reason", "reason"],
}
const GAUGES: Readonly<Record<string, readonly [help: string, label?: string]>> = {
  connections: ["Logged-in connections by transport", "transport"],
  mailboxes: ["Mailboxes that hold something"],
  mailbox_messages: ["Envelopes waiting"],
  buffered_bytes: ["Bytes waiting in sockets"],
}
const HISTOGRAMS: Readonly<Record<string, string>> = {
  append_seconds: "Time to store an envelope",
  delivery_seconds: "From accepted to handed to the device",
}
const PREFIX = "securechat_"
const BUCKETS = [0.001, 0.005, 0.02, 0.1, 0.5, 2, 10, 60, 600, 86_400]

export interface PrometheusMetrics extends Metrics {
  readonly contentType: string
  /** The exposition text. */
  text(): Promise<string>
  /** Ends the sampling of the process's own figures. */
  close(): void
}

/** An own registry: two relays in one process do not add up. */
export const prometheusMetrics = (): PrometheusMetrics => {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  const registers = [registry]
  const labelNames = (label: string | undefined): string[] => (label === undefined ? [] : [label])
  const counters = new Map(
    Object.entries(COUNTERS).map(([name, [help, label]]) => [
      name,
      new Counter({ name: `${PREFIX}${name}_total`, help, labelNames: labelNames(label), registers }),
    ]),
  )
  const gauges = new Map(
    Object.entries(GAUGES).map(([name, [help, label]]) => [
      name,
      new Gauge({ name: PREFIX + name, help, labelNames: labelNames(label), registers }),
    ]),
  )
  const histograms = new Map(
    Object.entries(HISTOGRAMS).map(([name, help]) => [
      name,
      new Histogram({ name: PREFIX + name, help, buckets: BUCKETS, registers }),
    ]),
  )
  return {
    count: (name, by = 1, labels = {}) => counters.get(name)?.inc({ ...labels }, by),
    gauge: (name, value, labels = {}) => gauges.get(name)?.set({ ...labels }, value),
    observe: (name, value) => histograms.get(name)?.observe(value),
    contentType: registry.contentType,
    text: () => registry.metrics(),
    close: () => {
      registry.clear()
    },
  }
}
