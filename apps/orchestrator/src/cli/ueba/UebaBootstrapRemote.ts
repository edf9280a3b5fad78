/** Submits a bootstrap of UEBA to a server, follows it, and downloads its script. */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type * as BootstrapFile from "../../bootstrap/BootstrapFile.ts"
import { BootstrapRun } from "../../bootstrap/BootstrapRun.ts"
import * as RemoteSetup from "../../client/RemoteSetup.ts"
import { RunClient } from "../../client/RunClient.ts"
import type * as ServerSettings from "../../client/ServerSettings.ts"
import { BootstrapBody } from "../../server/BootstrapApi.ts"
import * as RunsRemote from "../runs/RunsRemote.ts"
import { UsageError } from "../UsageError.ts"
import * as BootstrapView from "./BootstrapView.ts"
import { contentOf, type Input as LocalInput } from "./UebaBootstrap.ts"

export interface Input extends LocalInput, ServerSettings.Flags {
  readonly dataDir: string | undefined
}

export const run = (input: Input) =>
  RunsRemote.follow(input, {
    command: "ueba bootstrap",
    toJson: (result) => result,
    toPerson: BootstrapView.show,
    work: Effect.fnUntraced(function* ({ changed, follows }) {
      const problems = contradictions(input)
      if (problems.length > 0) return yield* new UsageError({ command: "privx-kit ueba bootstrap", problems })
      const content = yield* contentOf(input)
      const { id } = yield* Effect.tap(begin(input, content), follows)
      const result = yield* RemoteSetup.outcome(BootstrapRun, id, { wait: input.wait, changed })
      const { setup } = result
      return content.output === undefined || setup === undefined
        ? result
        : {
            ...result,
            setup: yield* RemoteSetup.bring(setup, { output: content.output, mode: undefined, owner: undefined })
          }
    })
  })

/** The selected run, or a new one. */
const begin = Effect.fnUntraced(function* (input: Input, content: BootstrapFile.Given) {
  const { runId } = input
  if (runId !== undefined) return yield* Effect.flatMap(RunClient, (client) => client.find(runId))
  return yield* RemoteSetup.bootstrap(yield* bodyOf(input, content))
})

const decodeBody = Schema.decodeUnknownEffect(BootstrapBody)

/** Flags and file allow no other values. */
const bodyOf = ({ baseUrl, fresh }: Input, { output: _, ...content }: BootstrapFile.Given) =>
  Effect.orDie(
    decodeBody(
      Object.fromEntries(
        Object.entries({ ...content, target: baseUrl, fresh }).filter(([, value]) => value !== undefined)
      )
    )
  )

/** Options that a server does not support. */
const contradictions = (input: Input): ReadonlyArray<string> => [
  ...RunsRemote.executedThere([
    ["--execute", input.execute],
    ["--execute-again", input.executeAgain]
  ]),
  ...(input.plan ? ["--plan asks PrivX from this machine: leave out --server and unset PRIVX_KIT_SERVER."] : [])
]
