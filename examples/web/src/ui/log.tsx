/** The messages of one conversation. It stays at the end while the end is in view, and says so when it is not. */
import type { JSX, RefObject } from "preact"
import { useEffect, useLayoutEffect, useRef } from "preact/hooks"
import type { DrawnRow } from "../model/rows.ts"
import { strings } from "../strings.ts"
import { Bubble } from "./bubble.tsx"
import { dayName } from "./clock.ts"
import { useDesk } from "./desk.tsx"
import { EmptyLog } from "./empty-log.tsx"
import { Icon } from "./icons.tsx"

/** Nearer to the end than this counts as being there. */
const END_PX = 48

const Row = ({ row }: { row: DrawnRow }): JSX.Element => {
  switch (row.kind) {
    case "day":
      return (
        <li class="day">
          <span>{dayName(row.date, new Date())}</span>
        </li>
      )
    case "new":
      return (
        <li class="new-divider">
          <span>{strings.log.newDivider(row.count)}</span>
        </li>
      )
    case "unreadable":
      return (
        <li class="unreadable" data-id={row.item.id}>
          {strings.log.unreadable} <small>{strings.log.unreadableWhy(row.item.problem.code)}</small>
        </li>
      )
    case "message":
      return <Bubble row={row} />
  }
}

const TypingDots = (): JSX.Element | null => {
  const { model } = useDesk()
  if (!model.peerTyping.value) return null
  return (
    <div class="typing">
      <span class="visually-hidden">{strings.log.typing(model.peer.name)}</span>
      <span class="dot" />
      <span class="dot" />
      <span class="dot" />
    </div>
  )
}

const JumpToLatest = ({ log }: { log: RefObject<HTMLDivElement | null> }): JSX.Element | null => {
  const { model } = useDesk()
  if (model.atEnd.value) return null
  const count = model.unread.value
  return (
    <button
      type="button"
      class="jump"
      aria-label={count > 0 ? strings.log.latestCount(count) : strings.log.latest}
      onClick={() => log.current?.scrollTo({ top: log.current.scrollHeight })}
    >
      {count > 0 && <span>{count}</span>}
      <Icon name="down" size={18} />
    </button>
  )
}

const isAtEnd = ({ scrollTop, scrollHeight, clientHeight }: HTMLElement): boolean =>
  scrollHeight - clientHeight - scrollTop < END_PX

const toEnd = (log: HTMLElement | null): void => {
  if (log !== null) log.scrollTop = log.scrollHeight
}

/** Keeps the end in view while it is in view, whatever grows: a message, a token, the dots, the composer. */
const useStickyEnd = (log: RefObject<HTMLDivElement | null>, list: RefObject<HTMLElement | null>): void => {
  const { model, actions } = useDesk()
  const newest = model.rows.value.at(-1)
  useLayoutEffect(() => {
    // What a person writes themselves they want to see, wherever they had scrolled to.
    if (model.atEnd.value || (newest !== undefined && "mine" in newest && newest.mine)) toEnd(log.current)
  }, [newest?.id])
  useEffect(() => {
    if (log.current === null || list.current === null) return undefined
    const observer = new ResizeObserver(() => {
      if (model.atEnd.value) toEnd(log.current)
      else if (log.current !== null) actions.reachEnd(isAtEnd(log.current))
    })
    observer.observe(list.current)
    observer.observe(log.current)
    return () => {
      observer.disconnect()
    }
  }, [])
}

export const Log = (): JSX.Element => {
  const { model, actions } = useDesk()
  const log = useRef<HTMLDivElement>(null)
  const list = useRef<HTMLDivElement>(null)
  useStickyEnd(log, list)
  const rows = model.drawn.value
  return (
    <div class="log-frame">
      <div
        ref={log}
        class="log"
        role="log"
        // Announced in batches by a region of its own.
        aria-live="off"
        aria-label={strings.log.label(model.peer.name)}
        tabIndex={0}
        onScroll={({ currentTarget }) => {
          actions.reachEnd(isAtEnd(currentTarget))
        }}
      >
        <div ref={list} class="log-content">
          {model.hasEarlier.value && (
            <button type="button" class="text-button earlier" onClick={() => void actions.showEarlier()}>
              {strings.log.earlier}
            </button>
          )}
          {rows.length === 0 ? (
            <EmptyLog />
          ) : (
            <ol class="rows">
              {rows.map((row) => (
                <Row key={row.key} row={row} />
              ))}
            </ol>
          )}
          <TypingDots />
        </div>
      </div>
      <JumpToLatest log={log} />
    </div>
  )
}
