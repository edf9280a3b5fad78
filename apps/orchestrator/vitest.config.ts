import { configDefaults, defineConfig } from "vitest/config"
// @boundaries-ignore The repository has one test configuration, and it stands at its root.
import base from "../../vitest.base.ts"
import { crash } from "./vitest.crash.config.ts"

/** The tests start processes and wait for them: three files at a time, where vitest would take one on two cores. */
export default defineConfig({
  ...base,
  test: {
    ...base.test,
    globalSetup: "test/support/program.ts",
    maxWorkers: 3,
    exclude: [...configDefaults.exclude, ...crash]
  }
})
