import { defineConfig } from "vitest/config"
// @boundaries-ignore The repository has one test configuration, and it stands at its root.
import base from "../../vitest.base.ts"

/** Measurements with large and random scripts: they take minutes. */
export const fuzz = ["test/Growth.test.ts"]

/** The fuzz suite: `pnpm test:fuzz`. */
export default defineConfig({
  ...base,
  test: {
    ...base.test,
    include: fuzz,
    // The collector of garbage else copies what a longer script keeps and a shorter one does not.
    execArgv: ["--max-semi-space-size=128"],
    reporters: ["default", ["json", { outputFile: ".vitest/fuzz.json" }]]
  }
})
