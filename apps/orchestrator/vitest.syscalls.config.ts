import { defineConfig } from "vitest/config"
// @boundaries-ignore The repository has one test configuration, and it stands at its root.
import base from "../../vitest.base.ts"

/** The suite of system calls that fail: `pnpm test:syscalls`. It starts the built program about two thousand times. */
export default defineConfig({
  ...base,
  test: {
    ...base.test,
    globalSetup: "test/support/program.ts",
    include: ["syscalls/**/*.test.ts"],
    // With SYSCALLS=all a single command takes up to an hour.
    testTimeout: process.env["SYSCALLS"] === "all" ? 7_200_000 : 900_000,
    hookTimeout: 600_000,
    fileParallelism: false,
    reporters: ["default", ["json", { outputFile: ".vitest/syscalls.json" }]]
  }
})
