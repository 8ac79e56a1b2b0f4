/** `npm run example -- before` or `npm run example -- after`. */
const [which = "after"] = process.argv.slice(2)
if (which === "before") await import("./before/server.ts")
else await import("./after/server.ts")
