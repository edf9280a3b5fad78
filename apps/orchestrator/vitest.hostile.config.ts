import { defineConfig } from "vitest/config"
// @boundaries-ignore The repository has one test configuration, and it stands at its root.
import base from "../../vitest.base.ts"

/** The suite of hostile input: `pnpm test:hostile`. It measures how soon a server answers and runs end, so nothing else runs beside it. */
export default defineConfig({
  ...base,
  test: {
    ...base.test,
    globalSetup: "test/support/program.ts",
    include: ["hostile/**/*.test.ts"],
    testTimeout: 900_000,
    fileParallelism: false,
    reporters: ["default", ["json", { outputFile: ".vitest/hostile.json" }]]
  }
})
