/** `privx-kit demo`: what can be given, and what it means. The work is in the module loaded on demand. */
import * as Command from "effect/cli/Command"
import * as Effect from "effect/Effect"
import * as GlobalFlags from "./GlobalFlags.ts"

export const demo = Command.make(
  "demo",
  {},
  Effect.fnUntraced(function* () {
    const globals = yield* GlobalFlags.read
    const { run } = yield* Effect.promise(() => import("./Demo.ts"))
    yield* run(globals)
  })
).pipe(
  Command.withDescription(
    "See it all work without a PrivX: a simulator over HTTPS, a UEBA set-up that meets an overloaded server and is retried, " +
      "a playback connection that is re-authenticated, and one that is refused for good.\n\n" +
      "Takes a few seconds. What it makes stays in a temporary folder, or in --data-dir."
  ),
  Command.withShortDescription("See it all work, without a PrivX"),
  Command.withExamples([{ command: "privx-kit demo" }])
)
