/** Whether the process lives, whether it can do its work, and what it counts. */
import type { StorageFailed } from "@privx-kit/core/StorageFailed"
import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as HttpApiBuilder from "effect/http-api/HttpApiBuilder"
import * as HttpApiSecurity from "effect/http-api/HttpApiSecurity"
import * as HttpRouter from "effect/http/HttpRouter"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as Layer from "effect/Layer"
import * as SqlClient from "effect/sql/SqlClient"
import { Database } from "../Database.ts"
import { Gatekeeper } from "./GuardLayer.ts"
import * as RunRows from "../runs/RunRows.ts"
import * as Metrics from "./Metrics.ts"
import * as Problem from "./Problem.ts"
import { Serving } from "./Serving.ts"

/** What is behind the server, as far as it can be asked how it is. */
export class Backend extends Context.Service<
  Backend,
  {
    /** Whether the tables are those that this version works with. Fails when the database cannot be asked. */
    readonly migrated: Effect.Effect<boolean, StorageFailed>
    /** How many processes carry runs out; `undefined` where that is not known. */
    readonly workers: Effect.Effect<number | undefined, StorageFailed>
  }
>()("privx-kit/server/Backend") {}

const alive = HttpRouter.add("GET", "/healthz", Effect.succeed(HttpServerResponse.jsonUnsafe({ alive: true })))

const ready = HttpRouter.use((router) =>
  Effect.gen(function* () {
    const backend = yield* Backend
    const { ending } = yield* Serving
    const sql = yield* SqlClient.SqlClient
    const { stored } = RunRows.make(sql, yield* Database)
    const state = Effect.gen(function* () {
      if (Deferred.isDoneUnsafe(ending)) return { ready: false, reason: "the server ends" }
      yield* stored(sql`SELECT 1 FROM runs LIMIT 1`)
      if (!(yield* backend.migrated)) return { ready: false, reason: "the tables are of another version" }
      const workers = yield* backend.workers
      return workers === 0
        ? { ready: false, reason: "no worker is alive", workers }
        : { ready: true, ...(workers === undefined ? undefined : { workers }) }
    }).pipe(
      Effect.timeoutOrElse({
        duration: "5 seconds",
        orElse: () => Effect.succeed({ ready: false, reason: "the database does not answer" })
      }),
      Effect.catchTag("StorageFailed", () => Effect.succeed({ ready: false, reason: "the database cannot be used" }))
    )
    yield* router.add(
      "GET",
      "/readyz",
      Effect.map(state, (state) => HttpServerResponse.jsonUnsafe(state, { status: state.ready ? 200 : 503 }))
    )
  })
)

/** @param open whether anybody may read them */
const metrics = (open: boolean) =>
  HttpRouter.use((router) =>
    Effect.gen(function* () {
      const { identify } = yield* Gatekeeper
      const storage = yield* Effect.context<SqlClient.SqlClient | Database>()
      const told = Metrics.text().pipe(
        Effect.provideContext(storage),
        Effect.match({
          onSuccess: (text) =>
            HttpServerResponse.text(text, { contentType: "text/plain; version=0.0.4; charset=utf-8" }),
          onFailure: (failure) => {
            const { status, ...problem } = Problem.of(failure)
            return Problem.toResponse(status, problem)
          }
        })
      )
      yield* router.add(
        "GET",
        "/metrics",
        open
          ? told
          : HttpApiBuilder.securityDecode(HttpApiSecurity.bearer).pipe(
              Effect.flatMap(identify),
              // Every role may look.
              Effect.matchEffect({ onFailure: Effect.succeed, onSuccess: () => told })
            )
      )
    })
  )

export const layer = (options: { readonly metricsOpen: boolean }) =>
  Layer.mergeAll(alive, ready, metrics(options.metricsOpen))
