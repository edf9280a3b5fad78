/** `privx-kit artifacts diff`: what can be given, and what it means. */
import * as Argument from "effect/cli/Argument"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as GlobalFlags from "./GlobalFlags.ts"
import * as ServerFlags from "./ServerFlags.ts"

export const diff = Command.make(
  "diff",
  {
    script: Argument.String("RUN|SHA256").pipe(
      Argument.withDescription("A run, or the digest of a script; of both the beginning is enough")
    ),
    other: Argument.String("SHA256").pipe(
      Argument.withDescription("A script to compare that one with; without it, the last approved one of its PrivX"),
      Argument.optional
    ),
    context: Flag.Int("context").pipe(
      Flag.withAlias("U"),
      Flag.withMetavar("N"),
      Flag.withDescription("Lines around each change (default 3)"),
      Flag.filter(
        (count) => count >= 0,
        () => "a number, 0 or above"
      ),
      Flag.withDefault(3)
    ),
    ...ServerFlags.flags,
    json: Flag.Boolean("json").pipe(
      Flag.withoutNegation,
      Flag.withDescription("Print one JSON document instead of text"),
      Flag.withDefault(false)
    )
  },
  Effect.fnUntraced(function* (input) {
    const globals = yield* GlobalFlags.read
    const server = ServerFlags.values(input, globals)
    const wanted = { ...globals, ...input, ...server, other: Option.getOrUndefined(input.other) }
    if (ServerFlags.isMeant(server)) {
      const { run } = yield* Effect.promise(() => import("./ArtifactsDiffRemote.ts"))
      return yield* run(wanted)
    }
    const { run } = yield* Effect.promise(() => import("./ArtifactsDiff.ts"))
    yield* run(wanted)
  })
).pipe(
  Command.withDescription(
    "Show what has changed in a script since the last approved one of its PrivX, or between two scripts, as a unified diff. " +
      "Characters that would do something to a terminal are shown, and do nothing."
  ),
  Command.withShortDescription("Show what has changed in a script"),
  Command.withExamples([
    { command: "privx-kit artifacts diff 1f0c", description: "The script of a run that waits for approval" },
    { command: "privx-kit artifacts diff 9f86d081 5e884898", description: "From the second to the first" }
  ])
)
