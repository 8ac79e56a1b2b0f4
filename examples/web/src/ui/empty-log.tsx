import type { JSX } from "preact"
import { strings } from "../strings.ts"
import { Avatar } from "./avatar.tsx"
import { useDesk } from "./desk.tsx"

/** Before the first message: who is to come, or what to do. */
export const EmptyLog = (): JSX.Element => {
  const { model, link, alone } = useDesk()
  const { peer } = model
  if (model.conversation.value !== undefined)
    return (
      <div class="empty">
        <Avatar person={peer} />
        <h3>{strings.empty.title(peer.name)}</h3>
        <p>{strings.empty.text}</p>
      </div>
    )
  const isWaiting = alone && model.connection.value === "online"
  return (
    <div class="empty">
      <Avatar person={peer} />
      <h3>{strings.waiting.title(peer.name)}</h3>
      <p>{isWaiting ? strings.waiting.text(peer.name) : strings.waiting.connecting}</p>
      {isWaiting && (
        <a class="button" href={link.href()} target="_blank" rel="noopener">
          {link.label}
        </a>
      )}
    </div>
  )
}
