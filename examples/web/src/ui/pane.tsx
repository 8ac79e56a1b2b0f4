/** One person's window: whose it is, the conversation, and a sheet over it when keys are compared. */
import type { JSX } from "preact"
import { useEffect } from "preact/hooks"
import { strings } from "../strings.ts"
import { Avatar } from "./avatar.tsx"
import { ConnectionBanner, Notices } from "./banners.tsx"
import { ChatHeader } from "./chat-header.tsx"
import { Composer } from "./composer.tsx"
import { DeskProvider, useDesk, type Desk } from "./desk.tsx"
import { Icon } from "./icons.tsx"
import { Log } from "./log.tsx"
import { SheetLayer } from "./sheet.tsx"

const PaneLabel = (): JSX.Element => {
  const { model, link } = useDesk()
  const connection = model.connection.value
  return (
    <div class="pane-label">
      <Avatar person={model.me} small />
      <strong>{model.me.name}</strong>
      <span class="handle">{model.me.handle}</span>
      <span class="connection" data-state={connection}>
        {strings.connection[connection]}
      </span>
      <a
        class="own-window"
        href={link.href()}
        target="_blank"
        rel="noopener"
        aria-label={link.label}
        title={link.label}
      >
        <span>{link.short}</span>
        <Icon name="external" size={16} />
      </a>
    </div>
  )
}

const LiveRegions = (): JSX.Element => {
  const { announcer } = useDesk()
  return (
    <>
      <div class="visually-hidden" role="status" aria-live="polite">
        {announcer.polite.value}
      </div>
      <div class="visually-hidden" aria-live="assertive">
        {announcer.assertive.value}
      </div>
    </>
  )
}

const Card = ({ shown }: { shown: boolean }): JSX.Element => {
  const { model, actions } = useDesk()
  useEffect(() => {
    const tell = (): void => {
      actions.appear(shown && document.visibilityState === "visible")
    }
    tell()
    document.addEventListener("visibilitychange", tell)
    return () => {
      document.removeEventListener("visibilitychange", tell)
    }
  }, [shown])
  return (
    <div class="card">
      <div class="chat" inert={model.sheet.value !== undefined}>
        <ChatHeader />
        <ConnectionBanner />
        <Log />
        <Notices />
        <Composer />
      </div>
      <SheetLayer />
    </div>
  )
}

export const Pane = ({ desk, shown }: { desk: Desk; shown: boolean }): JSX.Element => (
  <DeskProvider value={desk}>
    <section
      class="pane"
      id={`pane-${desk.model.me.role}`}
      data-role={desk.model.me.role}
      data-shown={shown}
      aria-label={strings.pane.label(desk.model.me.name)}
    >
      <PaneLabel />
      <Card shown={shown} />
      <LiveRegions />
    </section>
  </DeskProvider>
)
