#!/usr/bin/env node
"use strict"
// Written for the oldest Node that can read it, so that a machine with such a Node gets a sentence and not a stack trace.
var needed = [22, 19]
var found = process.versions.node.split(".").map(Number)
if (found[0] < needed[0] || (found[0] === needed[0] && found[1] < needed[1])) {
  console.error("privx-kit needs Node.js " + needed.join(".") + " or newer; this is " + process.versions.node + ".")
  process.exit(1)
}
require("./launch.cjs")
