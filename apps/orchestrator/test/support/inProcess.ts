/** The command line within the process of the test: the same program without the start of Node. */
import type { StorageFailed } from "@privx-kit/core/StorageFailed"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Cause from "effect/Cause"
import * as Runtime from "effect/Runtime"
import * as CommandLine from "../../src/cli/CommandLine.ts"
import * as DomainList from "../../src/domain/DomainList.ts"
import { builtIn } from "../../src/Domains.ts"
import { Screen } from "../../src/terminal/Screen.ts"
import * as FakeTerminal from "./FakeTerminal.ts"
import type { Ended } from "./cli.ts"

/**
 * @param options.failure the failure of every write to standard output
 * @param options.person acts while the command runs, and sees its standard error
 */
export const run = Effect.fnUntraced(function* (
  args: ReadonlyArray<string>,
  options: {
    readonly failure?: StorageFailed
    readonly columns?: number
    readonly person?: (stderr: () => string) => Effect.Effect<unknown>
  } = {}
): Effect.fn.Return<Ended> {
  const { person, ...terminal } = options
  const out = FakeTerminal.make({ animation: false, ...terminal })
  const err = FakeTerminal.make({ animation: false })
  if (person !== undefined) yield* Effect.forkChild(person(err.written))
  const exit = yield* CommandLine.run(args, "1.2.3", builtIn).pipe(
    Effect.provideService(Screen, { out: out.pane, err: err.pane }),
    Effect.provide(DomainList.layer(builtIn)),
    Effect.exit
  )
  return {
    code: Exit.isSuccess(exit) ? 0 : Runtime.getErrorExitCode(Cause.squash(exit.cause)),
    stdout: out.written(),
    stderr: err.written()
  }
})
