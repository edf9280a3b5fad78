/** The command line within the test's own process: the same program without the wait for Node to start. */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Cause from "effect/Cause"
import * as Runtime from "effect/Runtime"
import * as CommandLine from "../../src/commands/CommandLine.ts"
import { Screen } from "../../src/terminal/Screen.ts"
import * as FakeTerminal from "./FakeTerminal.ts"
import type { Ended } from "./cli.ts"

export const run = Effect.fnUntraced(function* (args: ReadonlyArray<string>): Effect.fn.Return<Ended> {
  const out = FakeTerminal.make({ animation: false })
  const err = FakeTerminal.make({ animation: false })
  const exit = yield* CommandLine.run(args, "1.2.3").pipe(
    Effect.provideService(Screen, { out: out.pane, err: err.pane }),
    Effect.exit
  )
  return {
    code: Exit.isSuccess(exit) ? 0 : Runtime.getErrorExitCode(Cause.squash(exit.cause)),
    stdout: out.written(),
    stderr: err.written()
  }
})
