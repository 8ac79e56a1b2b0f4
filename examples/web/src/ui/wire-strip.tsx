/** What the relay sees, between the two panes. On narrow screens it is one line that opens. */
import { useSignal } from "@preact/signals"
import type { JSX } from "preact"
import type { Wire, WireEntry } from "../model/wire.ts"
import { strings } from "../strings.ts"
import { clockWithSeconds } from "./clock.ts"
import { Icon } from "./icons.tsx"

/** Alice stays left, as on the page; the arrow says who speaks. */
const Route = ({ entry: { from, to } }: { entry: WireEntry }): JSX.Element => {
  const [left, right] = from.role === "alice" ? [from, to] : [to, from]
  return (
    <span class="wire-people" aria-hidden="true">
      {left.name}
      <Icon name={left === from ? "right" : "left"} size={16} />
      {right.name}
    </span>
  )
}

const Entry = ({ entry }: { entry: WireEntry }): JSX.Element => (
  <li class="wire-entry" data-from={entry.from.role} data-id={entry.id}>
    <span class="wire-route">
      <span class="visually-hidden">{strings.wire.route(entry.from.name, entry.to.name)}</span>
      <Route entry={entry} />
    </span>
    <span class="wire-facts">
      <span>{strings.wire.bytes(entry.bytes)}</span>
      <time dateTime={entry.at.toISOString()}>{clockWithSeconds(entry.at)}</time>
    </span>
    <code translate={false}>{entry.token}…</code>
  </li>
)

const Latest = ({ entry }: { entry: WireEntry | undefined }): JSX.Element =>
  entry === undefined ? (
    <span class="wire-latest">{strings.wire.empty}</span>
  ) : (
    <span class="wire-latest" key={entry.id}>
      <span class="visually-hidden">{strings.wire.route(entry.from.name, entry.to.name)}</span>
      <Route entry={entry} />
      <span>{strings.wire.bytes(entry.bytes)}</span>
      <code translate={false}>{entry.token}…</code>
    </span>
  )

export const WireStrip = ({ wire }: { wire: Wire }): JSX.Element => {
  const open = useSignal(false)
  const entries = wire.value
  return (
    <aside class="wire" aria-label={strings.wire.title} data-open={open.value}>
      <button
        type="button"
        class="wire-toggle"
        aria-expanded={open.value}
        title={strings.wire.expand}
        onClick={() => {
          open.value = !open.value
        }}
      >
        <Latest entry={entries[0]} />
        <Icon name="down" size={18} />
      </button>
      <div class="wire-body">
        <header>
          <h2>{strings.wire.title}</h2>
          <p>{strings.wire.lead}</p>
        </header>
        {entries.length === 0 ? (
          <p class="wire-empty">{strings.wire.empty}</p>
        ) : (
          <ol class="wire-list">
            {entries.map((entry) => (
              <Entry key={entry.id} entry={entry} />
            ))}
          </ol>
        )}
        <p class="wire-note">{strings.wire.note}</p>
      </div>
    </aside>
  )
}
