/**
 * The entry of `privx-kit`. It loads as little as it can: `--version` is answered from package.json alone, and each
 * command's work is loaded when the command is run.
 */
import { isMainThread } from "node:worker_threads"
import { find } from "./config/ConfigNames.ts"
import pkg from "../package.json" with { type: "json" }

const args = process.argv.slice(2)

if (!isMainThread) {
  // Where the program is bundled into one file, a thread of the server is started on that.
  await import("./server/DefinitionThread.ts")
} else if (args.length === 1 && (args[0] === "--version" || args[0] === "-v")) {
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    // A reader that has gone away needs no message.
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
