"use strict"
// Compiled code is kept for the next start, in the user's own cache: the default place is shared by all users.
const { enableCompileCache } = require("node:module")
const { env } = process
// By itself Node opens a debugger on SIGUSR1, in which anybody on the machine can run code as this user.
process.on("SIGUSR1", () => {})
if (env.NODE_COMPILE_CACHE) {
  enableCompileCache()
} else {
  const { homedir } = require("node:os")
  const { join } = require("node:path")
  enableCompileCache(join(env.XDG_CACHE_HOME || join(homedir(), ".cache"), "privx-kit", "compiled"))
}
// Some releases warn that their SQLite may change. Users can do nothing about it; the kit is tested on these releases.
const { emitWarning } = process
process.emitWarning = (warning, ...rest) => {
  const type = typeof rest[0] === "object" && rest[0] !== null ? rest[0].type : rest[0]
  if (type === "ExperimentalWarning" && String(warning).startsWith("SQLite ")) return
  emitWarning.call(process, warning, ...rest)
}
// A config file brings domains of other teams. They share one copy of Effect with the program only if it runs from its
// modules; without such a file the bundle starts faster. The names are those of src/config/ConfigNames.ts.
const { existsSync } = require("node:fs")
const configured = ["ts", "mts", "js", "mjs"].some((ending) => existsSync(`privx-kit.config.${ending}`))
void import(configured ? "../lib/main.js" : "../dist/main.js")
