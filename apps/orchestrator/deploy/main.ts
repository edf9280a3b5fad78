/**
 * Starts the suite of the files in `deploy/` in a network of its own, where their ports are free and no other machine can be
 * reached. Installs bubblewrap with apt-get where it is missing and can be installed. Without it, the files are only checked.
 */
import { spawnSync } from "node:child_process"
import * as path from "node:path"
import { install } from "../postgres/install.ts"

const sandbox = ["--dev-bind", "/", "/", "--unshare-net", "--die-with-parent", "--"]

const canIsolate = (): boolean => spawnSync("bwrap", [...sandbox, "true"]).status === 0

if (!canIsolate() && process.getuid?.() === 0 && process.platform === "linux") {
  spawnSync("apt-get", ["update", "-q"], { stdio: "ignore" })
  spawnSync("apt-get", ["install", "--yes", "--no-install-recommends", "bubblewrap"], { stdio: "ignore" })
}

const isolated = process.getuid?.() === 0 && canIsolate()
if (isolated) install()
else process.stdout.write("skipped: commands of the deployment files; that takes Linux, root and bubblewrap\n")

const vitest = [
  process.execPath,
  path.join(import.meta.dirname, "../node_modules/vitest/vitest.mjs"),
  "run",
  "--config",
  "vitest.deploy.config.ts",
  ...(isolated ? [] : ["deploy/Files.test.ts"])
]
const [command = "", ...args] = isolated ? ["bwrap", ...sandbox, ...vitest] : vitest
process.exitCode =
  spawnSync(command, args, { cwd: path.join(import.meta.dirname, ".."), stdio: ["ignore", "inherit", "inherit"] })
    .status ?? 1
