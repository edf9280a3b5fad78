/** The progress of a download, in the stream of a run. */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as served from "../support/served.ts"

interface Step {
  readonly name: string
  readonly status: string
  readonly bytes: number | null
  readonly totalBytes: number | null
}

const downloads = (text: string) =>
  served
    .parseEvents(text)
    .flatMap(({ run }) => run.steps as ReadonlyArray<Step>)
    .filter(({ name }) => name === "download")

describe("the download of a run", { timeout: 60_000 }, () => {
  it.live("is reported with its size while it runs", () =>
    Effect.gen(function* () {
      const server = yield* served.start()
      const whole = yield* server.submit()
      const { steps } = yield* server.reached(whole.run.id, "succeeded")
      const size = (steps as ReadonlyArray<Step>).find(({ name }) => name === "download")?.bytes ?? 0
      // It would take minutes, and is cancelled long before its end.
      yield* Effect.orDie(server.simulator.setFaults(["downloadSetupScript:slow=100/1s"]))
      const { run } = yield* server.submit()
      const { text } = yield* server.events(run.id, {
        until: (text) => downloads(text).some(({ bytes }) => bytes !== null)
      })
      const known = downloads(text).find(({ bytes }) => bytes !== null)
      assert.deepInclude(known, { name: "download", status: "running", totalBytes: size })
      assert.isBelow(known?.bytes ?? size, size)
      // The same in the terminal.
      const env = { PRIVX_KIT_SERVER: server.url.origin, PRIVX_KIT_SERVER_TOKEN: server.tokenOf("viewer") }
      const shown = yield* served.cli(env, "runs", "show", run.id)
      assert.match(shown.stdout, /download .* \d+ B of [\d.]+ kB/)
      yield* server.ask("POST", `/api/v1/runs/${run.id}/cancel`, { as: "operator" })
      yield* server.reached(run.id, "cancelled")
    })
  )
})
