/** A program of `test/programs` in one file: where it is started many times, most of the time would go into loading it. */
import * as Effect from "effect/Effect"
import { build } from "rolldown"
import * as path from "node:path"
import * as temporary from "@privx-kit/testing/temporary"

/** Packages in CommonJS find Node's own modules by `require`. */
const banner = 'import { createRequire as requireOf } from "node:module"; const require = requireOf(import.meta.url);'

/** Answers with the path of the file, which is there as long as the scope is open. */
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
