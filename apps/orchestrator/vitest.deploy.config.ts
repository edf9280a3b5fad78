import { defineConfig } from "vitest/config"
// @boundaries-ignore The repository has one test configuration, and it stands at its root.
import base from "../../vitest.base.ts"

/** The suite of the files in `deploy/`: `pnpm test:deploy`. It runs their commands as processes, each in a sandbox. */
export default defineConfig({
  ...base,
  test: {
    ...base.test,
    include: ["deploy/**/*.test.ts"],
    testTimeout: 240_000,
    fileParallelism: false,
    reporters: ["default", ["json", { outputFile: ".vitest/deploy.json" }]]
  }
})
