/** Line icons on a 24-pixel grid. They are decoration: the word beside each, or its button's label, says the same. */
import type { JSX } from "preact"

const PATHS = {
  lock: "M7 11V8a5 5 0 0 1 10 0v3M6 11h12a1 1 0 0 1 1 1v7a1 1 0 0 1-1 1H6a1 1 0 0 1-1-1v-7a1 1 0 0 1 1-1z",
  "lock-check":
    "M7 10V8a5 5 0 0 1 10 0v2M6 10h12a1 1 0 0 1 1 1v8a1 1 0 0 1-1 1H6a1 1 0 0 1-1-1v-8a1 1 0 0 1 1-1zM9 15.2l2 2 4-4",
  "lock-open":
    "M7 11V8a5 5 0 0 1 9.6-2M6 11h12a1 1 0 0 1 1 1v7a1 1 0 0 1-1 1H6a1 1 0 0 1-1-1v-7a1 1 0 0 1 1-1zM10 13.8l4 4M14 13.8l-4 4",
  clock: "M12 4a8 8 0 1 0 0 16 8 8 0 0 0 0-16zM12 8v4.5l2.8 1.6",
  check: "M5 12.5l4.5 4.5L19 7.5",
  checks: "M2.5 12.5L7 17l9-9.5M11.5 16.5l.5.5L21.5 7.5",
  pause: "M9 6v12M15 6v12",
  alert: "M12 7v6.5M12 17v.01M12 3.5a8.5 8.5 0 1 0 0 17 8.5 8.5 0 0 0 0-17z",
  send: "M5 12h13M12.5 6.5L18 12l-5.5 5.5",
  down: "M6 9.5l6 6 6-6",
  close: "M6.5 6.5l11 11M17.5 6.5l-11 11",
  external:
    "M10 6H6.5A1.5 1.5 0 0 0 5 7.5v10A1.5 1.5 0 0 0 6.5 19h10a1.5 1.5 0 0 0 1.5-1.5V14M13.5 5H19v5.5M19 5l-8 8",
  code: "M9 7l-5 5 5 5M15 7l5 5-5 5",
  copy: "M9 9h9.5v10.5H9zM5.5 15V4.5H15",
  right: "M5 12h14M14 7l5 5-5 5",
  left: "M19 12H5M10 7l-5 5 5 5",
  sun: "M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8zM12 2.5v2M12 19.5v2M2.5 12h2M19.5 12h2M5.3 5.3l1.4 1.4M17.3 17.3l1.4 1.4M5.3 18.7l1.4-1.4M17.3 6.7l1.4-1.4",
  moon: "M19.5 14.5A8 8 0 0 1 9.5 4.5a8 8 0 1 0 10 10z",
  screen: "M4 5.5h16v10.5H4zM9 20h6M12 16v4",
  flask: "M10 3.5v6L4.8 18a1.7 1.7 0 0 0 1.5 2.5h11.4a1.7 1.7 0 0 0 1.5-2.5L14 9.5v-6M8.5 3.5h7M7.5 14.5h9",
  key: "M14.5 4a5.5 5.5 0 1 0 1 10.9L17 13.5V11h2.5v-.5A5.5 5.5 0 0 0 14.5 4zM10.5 12.5L4 19v1.5h3V18h2v-2l2-2M15.5 8.5v.01",
  plug: "M9 3.5V8M15 3.5V8M6.5 8h11v3.5a5.5 5.5 0 0 1-11 0zM12 17v4",
} as const

export type IconName = keyof typeof PATHS

export const Icon = ({ name, size = 20 }: { name: IconName; size?: number }): JSX.Element => (
  <svg class="icon" viewBox="0 0 24 24" width={size} height={size} aria-hidden="true" focusable="false">
    <path d={PATHS[name]} />
  </svg>
)
