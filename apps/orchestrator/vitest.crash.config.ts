import { defineConfig } from "vitest/config"
// @boundaries-ignore The repository has one test configuration, and it stands at its root.
import base from "../../vitest.base.ts"

/** Tests that kill processes at many points, or execute hundreds of runs: too long for every change. */
export const crash = [
  "test/setup/{Crash,CrashPoints,Load}.test.ts",
  "test/bootstrap/BootstrapCrash.test.ts",
  "test/fleet/FleetLoad.test.ts"
]

/** The crash suite: `pnpm test:crash`. */
export default defineConfig({
  ...base,
  test: {
    ...base.test,
    globalSetup: "test/support/program.ts",
    include: crash,
    reporters: ["default", ["json", { outputFile: ".vitest/crash.json" }]]
  }
})
