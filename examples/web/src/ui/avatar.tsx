import type { JSX } from "preact"
import type { Person } from "../people.ts"

export const Avatar = ({ person, small = false }: { person: Person; small?: boolean }): JSX.Element => (
  <span class={small ? "avatar small" : "avatar"} data-role={person.role} aria-hidden="true">
    {person.name.charAt(0)}
  </span>
)
