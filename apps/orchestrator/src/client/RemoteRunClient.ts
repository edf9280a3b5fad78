/** The client for a server. */
import * as Clock from "effect/Clock"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as ByteSize from "effect/ByteSize"
import * as Sse from "effect/encoding/Sse"
import * as HttpIncomingMessage from "effect/http/HttpIncomingMessage"
import type * as HttpClientError from "effect/http/HttpClientError"
import type * as HttpClientResponse from "effect/http/HttpClientResponse"
import * as Layer from "effect/Layer"
import type * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import { isOver, type Run } from "@privx-kit/runs/Run"
import { RunChanged } from "../server/Api.ts"
import type { ServedRun } from "../server/ApiEndpoint.ts"
import type * as Problem from "../server/Problem.ts"
import { RunClient, type RunFailure } from "./RunClient.ts"
import { ServerClient } from "./ServerClient.ts"
import * as ServerFailure from "./ServerFailure.ts"

/** A server sends data at least every 15 seconds; otherwise the connection is lost. */
const silence = "45 seconds"

/** How long a server may be unreachable, in milliseconds. */
const patience = 60_000

const pause = "1 second"

/** The maximum page size of the server. */
const largestList = 1000

/** A list of 1,000 runs with their results is much smaller. */
const largestAnswer = ByteSize.mebibytes(64)

/** The maximum size of one event, in bytes. A run contains its report and its policy. */
const largestEvent = 16 * 1024 * 1024

export const runOf = ({ displayNames: _, requestedBy: __, ...run }: ServedRun): Run => run

type ClientError = Problem.Received | HttpClientError.HttpClientError | Schema.SchemaError

/** Converts the failures of a call to failures of the command line. */
export const named =
  (operation: string, origin: string) =>
  <A, R>(call: Effect.Effect<A, ClientError, R>): Effect.Effect<A, ServerFailure.ServerFailure, R> =>
    call.pipe(
      // Bodies are read within the call, so a server that sends without end fails the call.
      Effect.provideService(HttpIncomingMessage.MaxBodySize, largestAnswer),
      Effect.mapError((error) => ServerFailure.of(error, operation, origin))
    )

export const layer: Layer.Layer<RunClient, never, ServerClient> = Layer.effect(
  RunClient,
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
            response === undefined ? Effect.void : Stream.runForEach(events(response, client.origin), tell)
          )
        )
        const failure = yield* Effect.match(listening, { onFailure: (failure) => failure, onSuccess: () => undefined })
        if (latest !== undefined && isOver(latest)) return latest
        const now = yield* Clock.currentTimeMillis
        if (failure !== undefined && (!passes(failure) || now - contact > patience)) return yield* Effect.fail(failure)
        yield* Effect.sleep(pause)
      }
    })

    return RunClient.of({
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
      cancel: (run, comment) =>
        runs
          .cancel({ params: { run }, payload: comment === undefined ? null : { comment } })
          .pipe(call("runs.cancel"), Effect.map(runOf)),
      decide: (run, { approved, attempt, comment, sha256 }) => {
        const params = { run }
        const payload = { sha256, attempt, ...(comment === undefined ? {} : { comment }) }
        return (approved ? runs.approve({ params, payload }) : runs.reject({ params, payload })).pipe(
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

/** `undefined` if there is nothing more to report. */
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
  const body = yield* Effect.orElseSucceed(
    Effect.provideService(response.json, HttpIncomingMessage.MaxBodySize, largestAnswer),
    () => undefined
  )
  return yield* Effect.fail(ServerFailure.ofAnswer(response.status, body, operation, origin))
})

/**
 * Ends with the server or the connection; the next stream repeats missed events. An event that this version does not
 * understand is a failure, because each further stream would send it again.
 */
const events = (
  response: HttpClientResponse.HttpClientResponse,
  origin: string
): Stream.Stream<typeof RunChanged.Type, ServerFailure.ServerFailure> =>
  response.stream.pipe(
    Stream.timeout(silence),
    Stream.decodeText,
    bounded,
    Stream.pipeThroughChannel(Sse.decodeSchema(RunChanged)),
    Stream.catchTag("SchemaError", (error) => Stream.fail(ServerFailure.of(error, operation, origin))),
    Stream.catchIf(
      (failure) => !("_tag" in failure && failure._tag === "UnexpectedResponse"),
      () => Stream.empty
    )
  )

/** The decoder keeps an incomplete event until its end arrives. */
const bounded = <E, R>(text: Stream.Stream<string, E, R>): Stream.Stream<string, E, R> =>
  Stream.suspend(() => {
    let size = 0
    return Stream.takeWhile(text, (piece) => {
      const end = piece.lastIndexOf("\n\n")
      size = end === -1 ? size + piece.length : piece.length - end - 2
      return size <= largestEvent
    })
  })

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
