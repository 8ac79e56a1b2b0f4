/** Somebody in a tab, over whatever transport the tab was given by that name. */
import type { Transport } from "@securechat/core"
import { Member } from "../../channel/support/member.ts"

export const enterAs = (over: (name: string) => Transport) => {
  return (peer?: string): void => {
    window.member = new Member({ pipe: over("room-42"), context: "room-42", peer })
  }
}

declare global {
  interface Window {
    enter: (peer?: string) => void
    member: Member
  }
}
