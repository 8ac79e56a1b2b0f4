/** What the address asks for: both people on one page, or one of them in a window of their own. */
import { isDemoId, newDemoId, type Role } from "./people.ts"
import { withWay } from "./way.ts"

export type Route =
  | { readonly view: "pair"; readonly demo: string }
  | { readonly view: "single"; readonly role: Role; readonly demo: string }

export const readRoute = (url: URL): Route => {
  const as = url.searchParams.get("as")
  if (as !== "alice" && as !== "bob") return { view: "pair", demo: newDemoId() }
  const demo = url.searchParams.get("demo") ?? ""
  return { view: "single", role: as, demo: isDemoId(demo) ? demo : newDemoId() }
}

export const windowAddress = (role: Role, demo: string): string => withWay(`/?as=${role}&demo=${demo}`)
