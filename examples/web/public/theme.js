// Runs before the first paint, so that a stored theme does not flash. `src/theme.ts` writes the value.
try {
  const theme = localStorage.getItem("securechat.theme")
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme
} catch {
  // Storage is refused (private window, policy): the system's theme it is.
}
