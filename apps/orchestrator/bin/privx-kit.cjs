#!/usr/bin/env node
"use strict"
// Written for the oldest Node that can read it, so that a machine with such a Node gets a sentence and not a stack trace.
// The same releases as in `engines` of package.json.
var found = process.versions.node.split(".").map(Number)
if (!((found[0] === 22 && found[1] >= 19) || found[0] === 24 || found[0] >= 26)) {
  console.error(
    "privx-kit requires Node.js 22 (from 22.19), 24, or 26 and later; this is " + process.versions.node + "."
  )
  // As for a setting: exit code 1 is for defects of privx-kit.
  process.exit(3)
}
require("./launch.cjs")
