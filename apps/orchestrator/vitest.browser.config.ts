import { defineConfig } from "vitest/config"
// @boundaries-ignore The repository has one test configuration, and it stands at its root.
import base from "../../vitest.base.ts"

/** The suite of the web page in a browser: `pnpm test:browser`. It brings Chromium where it can, and says when it cannot. */
export default defineConfig({
  ...base,
  test: {
    ...base.test,
    globalSetup: "test/support/program.ts",
    include: ["browser/**/*.test.ts"],
    testTimeout: 120_000,
    // They share the cores with the browser and the servers.
    fileParallelism: false,
    reporters: ["default", ["json", { outputFile: ".vitest/browser.json" }]]
  }
})
