/** The desk over a server. */
import * as Clock from "effect/Clock"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Sse from "effect/encoding/Sse"
import type * as HttpClientError from "effect/http/HttpClientError"
import type * as HttpClientResponse from "effect/http/HttpClientResponse"
import * as Layer from "effect/Layer"
import type * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import { isOver, type Run } from "../runs/Run.ts"
import { RunChanged } from "./Api.ts"
import type { ServedRun } from "./Endpoint.ts"
import type * as Problem from "./Problem.ts"
import { RunDesk, type RunFailure } from "./RunDesk.ts"
import { ServerClient } from "./ServerClient.ts"
import * as ServerFailure from "./ServerFailure.ts"

/** A server says something every 15 seconds: one that does not is gone, whatever the connection says. */
const silence = "45 seconds"

/** How long a server that has gone away may take to come back, in milliseconds. */
const patience = 60_000

const pause = "1 second"

/** What the server gives at most. */
const largestList = 1000

export const runOf = ({ requestedBy: _, ...run }: ServedRun): Run => run

type ClientError = Problem.Problem | HttpClientError.HttpClientError | Schema.SchemaError

/** The failures of a call, as the command line knows them. */
export const named =
  (operation: string, origin: string) =>
  <A, R>(call: Effect.Effect<A, ClientError, R>): Effect.Effect<A, ServerFailure.ServerFailure, R> =>
    Effect.mapError(call, (error) => ServerFailure.of(error, operation, origin))

export const layer: Layer.Layer<RunDesk, never, ServerClient> = Layer.effect(
  RunDesk,
  Effect.gen(function* () {
    const client = yield* ServerClient
    const { runs } = client.api
    const call = (operation: string) => named(operation, client.origin)

    const follow = Effect.fnUntraced(function* (
      run: string,
      changed: (run: Run) => Effect.Effect<void>
    ): Effect.fn.Return<Run, RunFailure> {
      let latest: Run | undefined
      let seen: string | undefined
      let contact = yield* Clock.currentTimeMillis
      const tell = Effect.fnUntraced(function* (event: typeof RunChanged.Type) {
        seen = event.id
        latest = runOf(event.data)
        contact = yield* Clock.currentTimeMillis
        if (!isOver(latest)) yield* changed(latest)
      })
      for (;;) {
        const listening = connect(runs, run, seen, client.origin).pipe(
          Effect.tap(() => Effect.map(Clock.currentTimeMillis, (now) => void (contact = now))),
          Effect.flatMap((response) =>
            response === undefined ? Effect.void : Stream.runForEach(events(response), tell)
          )
        )
        const failure = yield* Effect.match(listening, { onFailure: (failure) => failure, onSuccess: () => undefined })
        if (latest !== undefined && isOver(latest)) return latest
        const now = yield* Clock.currentTimeMillis
        if (failure !== undefined && (!passes(failure) || now - contact > patience)) return yield* Effect.fail(failure)
        yield* Effect.sleep(pause)
      }
    })

    return RunDesk.of({
      list: ({ limit, parts = false, since, status, target }) =>
        runs
          .list({
            query: {
              limit: Math.min(limit, largestList),
              ...(parts ? { parts: "true" } : {}),
              ...(status.length === 0 ? {} : { status }),
              ...(target === undefined ? {} : { target }),
              ...(since === undefined ? {} : { since: DateTime.makeUnsafe(since) })
            }
          })
          .pipe(
            call("runs.list"),
            Effect.map((answer) => answer.runs.map(runOf))
          ),
      find: (run) => runs.show({ params: { run } }).pipe(call("runs.show"), Effect.map(runOf)),
      follow,
      cancel: (run) => runs.cancel({ params: { run } }).pipe(call("runs.cancel"), Effect.map(runOf)),
      decide: (run, { approved, comment }) => {
        const decision = { params: { run }, payload: comment === undefined ? {} : { comment } }
        return (approved ? runs.approve(decision) : runs.reject(decision)).pipe(
          call(approved ? "runs.approve" : "runs.reject"),
          Effect.map(({ by, run }) => ({ by, run: runOf(run) }))
        )
      },
      prune: ({ keep, olderThan }, { dryRun }) =>
        runs
          .prune({
            payload: {
              dryRun,
              ...(keep === undefined ? {} : { keep }),
              ...(olderThan === undefined ? {} : { olderThanSeconds: Math.ceil(Duration.toSeconds(olderThan)) })
            }
          })
          .pipe(
            call("runs.prune"),
            Effect.map(({ removed }) => removed)
          )
    })
  })
)

const operation = "runs.events"

/** `undefined` where there is nothing more to tell. */
const connect = Effect.fnUntraced(function* (
  runs: ServerClient["Service"]["api"]["runs"],
  run: string,
  seen: string | undefined,
  origin: string
) {
  const response = yield* runs
    .events({
      params: { run },
      headers: seen === undefined ? {} : { "last-event-id": seen },
      responseMode: "response-only"
    })
    .pipe(named(operation, origin))
  if (response.status === 200) return response
  if (response.status === 204) return undefined
  const body = yield* Effect.orElseSucceed(response.json, () => undefined)
  return yield* Effect.fail(ServerFailure.ofAnswer(response.status, body, operation, origin))
})

/** Ends where the server, or the connection, does; what was missed is told by the next one. */
const events = (response: HttpClientResponse.HttpClientResponse): Stream.Stream<typeof RunChanged.Type> =>
  response.stream.pipe(
    Stream.timeout(silence),
    Stream.decodeText,
    Stream.pipeThroughChannel(Sse.decodeSchema(RunChanged)),
    Stream.catchCause(() => Stream.empty)
  )

const passes = (failure: ServerFailure.ServerFailure): boolean => {
  switch (failure._tag) {
    case "TransportError":
      return failure.reason === "refused" || failure.reason === "reset" || failure.reason === "timeout"
    case "ServerRefused":
    case "UnexpectedResponse":
      return failure.status === 429 || failure.status >= 502
    default:
      return false
  }
}
