// The app is bundled from the packages' sources, so nothing has to be built before it.
import { defaultClientConditions, defineConfig } from "vite"

export default defineConfig({
  resolve: { conditions: ["@securechat/source", ...defaultClientConditions] },
  build: {
    target: "es2022",
    // Inlined assets become data: addresses and the polyfill an inline script; the page's policy allows neither.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
})
