/** Small choices kept for the next visit, where the browser allows it. Nothing of a chat is ever kept here. */
export const remember = (key: string, value: string): void => {
  try {
    localStorage.setItem(key, value)
  } catch {
    // Refused: it holds until the page is left.
  }
}

export const recall = (key: string): string | undefined => {
  try {
    return localStorage.getItem(key) ?? undefined
  } catch {
    return undefined
  }
}
