/** What every component of a pane needs, without handing it through each one. */
import { createContext } from "preact"
import { useContext } from "preact/hooks"
import type { Actions } from "../actions.ts"
import type { Announcer } from "../model/announcer.ts"
import type { PersonModel } from "../model/person.ts"

export interface Desk {
  readonly model: PersonModel
  readonly actions: Actions
  readonly announcer: Announcer
  /** In a window of their own; the peer is in another. */
  readonly alone: boolean
  /** Address of the window this pane's link opens: the person alone, or, when alone, their peer. */
  readonly link: { readonly href: () => string; readonly label: string; readonly short: string }
}

const Context = createContext<Desk | undefined>(undefined)

export const DeskProvider = Context.Provider

export const useDesk = (): Desk => {
  const desk = useContext(Context)
  if (desk === undefined) throw new Error("a pane's component stands outside its pane")
  return desk
}
