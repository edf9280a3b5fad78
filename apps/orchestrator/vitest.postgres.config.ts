import { defineConfig } from "vitest/config"
// @boundaries-ignore The repository has one test configuration, and it stands at its root.
import base from "../../vitest.base.ts"

/** The suite on Postgres: `pnpm test:postgres`. It brings a server of its own. */
export default defineConfig({
  ...base,
  test: {
    ...base.test,
    globalSetup: "test/support/program.ts",
    include: ["postgres/**/*.test.ts"],
    testTimeout: 120_000,
    // They share the cores with the server and with the processes that they start.
    fileParallelism: false,
    reporters: ["default", ["json", { outputFile: ".vitest/postgres.json" }]]
  }
})
