/** Health, readiness and metrics of the server. */
import { reasonText, type StorageFailed } from "@privx-kit/core/StorageFailed"
import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as HttpApiBuilder from "effect/http-api/HttpApiBuilder"
import * as HttpApiSecurity from "effect/http-api/HttpApiSecurity"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import type * as SqlClient from "effect/sql/SqlClient"
import type { Database } from "@privx-kit/durable/Database"
import { Api } from "./Api.ts"
import { Gatekeeper } from "./GuardLayer.ts"
import { Runs } from "@privx-kit/runs/Runs"
import { metricsType } from "./HealthApi.ts"
import * as Metrics from "./Metrics.ts"
import * as Problem from "./Problem.ts"
import { Serving } from "./Serving.ts"

/** The state of the storage behind the server. */
export class Backend extends Context.Service<
  Backend,
  {
    /**
     * Why runs cannot be executed with the storage; `undefined` if they can. Fails if the storage cannot be queried.
     */
    readonly unusable: Effect.Effect<string | undefined, StorageFailed>
    /** The number of processes that execute runs; `undefined` if unknown. */
    readonly workers: Effect.Effect<number | undefined, StorageFailed>
  }
>()("privx-kit/server/Backend") {}

/** @param options.metricsOpen whether the metrics can be read without a token */
export const layer = ({ metricsOpen }: { readonly metricsOpen: boolean }) =>
  HttpApiBuilder.group(
    Api,
    "health",
    Effect.fnUntraced(function* (handlers) {
      const backend = yield* Backend
      const { ending } = yield* Serving
      const runs = yield* Runs
      const { identify } = yield* Gatekeeper
      const storage = yield* Effect.context<SqlClient.SqlClient | Database>()

      const state = Effect.gen(function* () {
        if (Deferred.isDoneUnsafe(ending)) return yield* notReady("the server ends")
        const unusable = yield* backend.unusable
        if (unusable !== undefined) return yield* notReady(unusable)
        // A full database or a standby responds to queries but accepts no run.
        yield* runs.probe
        const workers = yield* backend.workers
        if (workers === 0) return yield* Effect.fail({ ...refusal("no worker is alive"), workers })
        return { ready: true as const, ...(workers === undefined ? undefined : { workers }) }
      }).pipe(
        Effect.timeoutOrElse({ duration: "5 seconds", orElse: () => notReady("the database does not answer") }),
        Effect.catchTag("StorageFailed", ({ reason }) => notReady(`the database cannot be used: ${reasonText[reason]}`))
      )

      const metrics = Metrics.text().pipe(
        Effect.provideContext(storage),
        Effect.match({
          onSuccess: (text) => HttpServerResponse.text(text, { contentType: metricsType }),
          onFailure: (failure) => Problem.render(Problem.of(failure))
        })
      )

      return handlers
        .handle("alive", () => Effect.succeed({ alive: true as const }))
        .handle("ready", () => state)
        .handle("metrics", () =>
          metricsOpen
            ? metrics
            : HttpApiBuilder.securityDecode(HttpApiSecurity.bearer).pipe(
                Effect.flatMap(identify),
                // Every role may read the metrics.
                Effect.matchEffect({ onFailure: Effect.succeed, onSuccess: () => metrics })
              )
        )
    })
  )

const refusal = (reason: string) => ({ ready: false as const, reason })

const notReady = (reason: string) => Effect.fail(refusal(reason))
