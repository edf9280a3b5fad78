/** A program of `test/programs` in one file, because loading it takes most of the time if it is started often. */
import * as Effect from "effect/Effect"
import { build } from "rolldown"
import * as path from "node:path"
import * as temporary from "@privx-kit/testing/temporary"

/** CommonJS packages load Node's modules with `require`. */
const banner = 'import { createRequire as requireOf } from "node:module"; const require = requireOf(import.meta.url);'

/** Returns the path of the file, which exists until the scope closes. */
export const bundled = Effect.fnUntraced(function* (name: string) {
  const file = path.join(yield* temporary.directory, `${path.basename(name, ".ts")}.mjs`)
  yield* Effect.promise(() =>
    build({
      input: path.join(import.meta.dirname, "..", "programs", name),
      platform: "node",
      resolve: { conditionNames: ["@privx-kit/source", "node", "import", "default"] },
      output: { file, format: "esm", codeSplitting: false, banner },
      logLevel: "silent"
    })
  )
  return file
})
