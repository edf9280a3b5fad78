"use strict"
// Compiled code is kept for the next start, in the user's own cache: the default place is shared by all users.
const { enableCompileCache } = require("node:module")
const { env } = process
if (env.NODE_COMPILE_CACHE) {
  enableCompileCache()
} else {
  const { homedir } = require("node:os")
  const { join } = require("node:path")
  enableCompileCache(join(env.XDG_CACHE_HOME || join(homedir(), ".cache"), "privx-kit", "compiled"))
}
void import("../dist/main.js")
