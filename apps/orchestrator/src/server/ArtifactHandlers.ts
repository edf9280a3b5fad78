/** Handlers of the endpoints for stored scripts. */
import * as Effect from "effect/Effect"
import * as HttpApiBuilder from "effect/http-api/HttpApiBuilder"
import { Runs } from "@privx-kit/runs/Runs"
import * as Responses from "./Responses.ts"
import { Api } from "./Api.ts"
import { ProvenanceReader } from "./ProvenanceReader.ts"

/** Thousands of runs of a fleet may have the same script. */
const most = 100

export const layer = HttpApiBuilder.group(
  Api,
  "artifacts",
  Effect.fnUntraced(function* (handlers) {
    const runs = yield* Runs
    const evidence = yield* ProvenanceReader
    const { answered } = yield* Responses.make
    return handlers.handle("show", ({ params }) =>
      Effect.gen(function* () {
        const stored = yield* evidence.stored(params.sha256.toLowerCase())
        const found = yield* runs.list({ sha256: stored.sha256, limit: most })
        return {
          ...stored,
          runs: found.map(({ createdAt, id, steps, target }) => ({
            runId: id,
            target,
            downloadedAt: steps.find(({ name }) => name === "download")?.endedAt ?? createdAt
          }))
        }
      }).pipe(answered)
    )
  })
)
