/**
 * The entry point of `privx-kit`. It loads as little as possible: `--version` only needs package.json, and each command
 * loads its work when it runs.
 */
import { isMainThread } from "node:worker_threads"
import { find } from "./config/ConfigNames.ts"
import pkg from "../package.json" with { type: "json" }

const args = process.argv.slice(2)

if (!isMainThread) {
  // If the program is bundled into one file, a thread of the server starts with that file.
  await import("./server/DefinitionThread.ts")
} else if (args.length === 1 && (args[0] === "--version" || args[0] === "-v")) {
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    // If the reader has closed the pipe, no message is needed.
    if (error.code === "EPIPE") return
    process.stderr.write(`Standard output could not be used: ${error.message}.\n`)
    // `storage` of ExitCode.ts, which is not loaded here.
    process.exitCode = 14
  })
  process.stdout.write(`${pkg.version}\n`)
} else {
  const file = find()
  const [{ start }, { builtIn }, loaded] = await Promise.all([
    import("./cli/Start.ts"),
    import("./Domains.ts"),
    file === undefined ? undefined : import("./config/LoadConfig.ts").then(({ loadOrExit }) => loadOrExit(file))
  ])
  start(args, pkg.version, builtIn, loaded)
}
