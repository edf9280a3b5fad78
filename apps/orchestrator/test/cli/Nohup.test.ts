import { assert, describe, it } from "@effect/vitest"
import { eventually } from "@privx-kit/testing/eventually"
import * as Effect from "effect/Effect"
import { spawn } from "node:child_process"
import { once } from "node:events"
import * as cli from "../support/cli.ts"

/** The exit code of a command that receives these signals once it is running. */
const ended = (
  words: ReadonlyArray<string>,
  signals: ReadonlyArray<NodeJS.Signals>,
  env: Readonly<Record<string, string>> = {}
) =>
  Effect.gen(function* () {
    const [program = "", ...args] = words
    const child = spawn(program, args, { env: { ...cli.surroundings, ...env }, stdio: ["ignore", "pipe", "ignore"] })
    const closed = once(child, "close")
    let output = ""
    child.stdout.setEncoding("utf8").on("data", (text: string) => (output += text))
    yield* eventually(
      Effect.sync(() => output),
      (text) => text.includes("}\n")
    )
    for (const signal of signals) child.kill(signal)
    return (yield* Effect.promise(() => closed))[0]
  })

describe("a closed terminal", () => {
  it.live("ends a command, unless it was started with nohup", () =>
    Effect.gen(function* () {
      const simulate = cli.command(["simulate", "--json"])
      const closed = ended(simulate, ["SIGHUP"])
      // Shells set this variable to the started command.
      const survivor = ended(["nohup", ...simulate], ["SIGHUP", "SIGTERM"], { _: "/usr/bin/nohup" })
      assert.deepStrictEqual(yield* Effect.all([closed, survivor], { concurrency: 2 }), [129, 143])
    })
  )
})
