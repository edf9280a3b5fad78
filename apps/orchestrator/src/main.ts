/**
 * The entry of `privx-kit`. It loads as little as it can: `--version` is answered from package.json alone, and each
 * command's work is loaded when the command is run.
 */
import pkg from "../package.json" with { type: "json" }

const args = process.argv.slice(2)

if (args.length === 1 && (args[0] === "--version" || args[0] === "-v")) {
  process.stdout.write(`${pkg.version}\n`)
} else {
  const { start } = await import("./commands/Start.ts")
  start(args, pkg.version)
}
