"use strict"
// Compiled code is kept for the next start, in the user's own cache: the default place is shared by all users.
const { enableCompileCache } = require("node:module")
const { setFlagsFromString } = require("node:v8")
const { env } = process
if (env.NODE_COMPILE_CACHE) {
  enableCompileCache()
} else {
  const { homedir } = require("node:os")
  const { join } = require("node:path")
  enableCompileCache(join(env.XDG_CACHE_HOME || join(homedir(), ".cache"), "privx-kit", "compiled"))
}
// What lives is small, even with thousands of hosts. By itself V8 lets the heap grow to four times that before it cleans up.
setFlagsFromString("--heap-growing-percent=20")
void import("../dist/main.js")
