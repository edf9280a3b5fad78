import { defineConfig } from "vite"

/** Everything is a file of its own: the page's security policy allows no inline script or style, and no data: address. */
export default defineConfig({
  build: {
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rolldownOptions: {
      // "use client" is for servers that render components; there is none here.
      onLog: (level, log, handle) => {
        if (log.code !== "MODULE_LEVEL_DIRECTIVE") handle(level, log)
      }
    },
    sourcemap: false,
    target: "es2022"
  },
  // While the page is developed: `vite` beside a server that asks for no sign-in.
  server: { proxy: { "/api": "http://127.0.0.1:7443" } }
})
