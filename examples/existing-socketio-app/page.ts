/** The page around either client: who one is, lines as they come, the field, and the level of the line. */
export interface Line {
  readonly name: string
  readonly text: string
}

interface Change {
  readonly status: { readonly level: string; readonly reason: string }
}

const STRINGS = {
  title: (room: string) => `Room ${room}`,
  placeholder: "Write a message",
  noLevel: "not encrypted",
  level: (level: string, reason: string) => `${level}: ${reason.replaceAll("-", " ")}`,
  failed: "Not sent. Please try again.",
}

const element = (id: string): HTMLElement => document.getElementById(id) as HTMLElement
const form = element("form")
const field = element("field") as HTMLInputElement
const pill = element("level")
const log = element("log")

const query = new URLSearchParams(location.search)
export const room: string = query.get("room") ?? "lobby"
const name = query.get("name") ?? "somebody"

element("title").textContent = STRINGS.title(room)
field.placeholder = STRINGS.placeholder
pill.textContent = STRINGS.noLevel

/** @returns where it is shown. */
export const show = (line: Line): HTMLElement => {
  const item = document.createElement("li")
  const author = document.createElement("b")
  author.textContent = line.name
  item.classList.toggle("mine", line.name === name)
  item.append(author, document.createTextNode(line.text))
  log.append(item)
  item.scrollIntoView()
  return item
}

/** Red: nothing can be written. */
export const showLevel = ({ status: { level, reason } }: Change): void => {
  pill.dataset["level"] = level
  pill.textContent = STRINGS.level(level, reason)
  field.disabled = level === "red"
}

export const onLine = (send: (line: Line) => Promise<void> | void): void => {
  form.addEventListener("submit", (event) => {
    event.preventDefault()
    const text = field.value.trim()
    if (text === "") return
    field.value = ""
    Promise.resolve(send({ name, text })).catch(() => {
      field.value = text
      pill.textContent = STRINGS.failed
    })
  })
}
