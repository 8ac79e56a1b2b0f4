// The public surface of @securechat/core: named exports only.
export * from "./errors.ts"
