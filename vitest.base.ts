import { defineConfig } from "vitest/config"

/** What every package's tests share: sources are resolved without a build. */
const conditions = ["@privx-kit/source", "node", "import", "module", "default"]

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: conditions } },
  test: {
    include: ["test/**/*.test.ts"],
    // It ends what hangs, and is no measure of speed: the tests also pass on a machine that is busy with other work.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    passWithNoTests: false,
    // The report is what .ci/run counts the tests from.
    reporters: ["default", ["json", { outputFile: ".vitest/report.json" }]]
  }
})
