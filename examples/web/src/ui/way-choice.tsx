import type { JSX } from "preact"
import { strings } from "../strings.ts"
import { WAYS, chooseWay, way, type Way } from "../way.ts"
import type { Desk } from "./desk.tsx"

/** Native radio buttons: arrow keys, names and groups come with them. */
export const WayChoice = ({ desks }: { desks: readonly Desk[] }): JSX.Element => {
  const choose = (chosen: Way): void => {
    chooseWay(chosen)
    for (const { actions } of desks) actions.reconnect()
  }
  return (
    <fieldset class="trial choice">
      <legend>{strings.demo.way}</legend>
      <div class="choice-row">
        {WAYS.map((one) => (
          <label key={one}>
            <input
              type="radio"
              name="way"
              value={one}
              checked={way.value === one}
              onChange={() => {
                choose(one)
              }}
            />
            {strings.demo.ways[one]}
          </label>
        ))}
      </div>
      <p>{strings.demo.wayText}</p>
    </fieldset>
  )
}
