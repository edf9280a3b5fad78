/** What each endpoint does. Everything is read from and written to the storage; nothing is carried out here. */
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as HttpApiBuilder from "effect/http-api/HttpApiBuilder"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import { Approvals } from "../runs/Approvals.ts"
import * as Retention from "../runs/Retention.ts"
import { isOver, type Run } from "../runs/Run.ts"
import { RunConflict } from "../runs/RunFailures.ts"
import { Runs } from "../runs/Runs.ts"
import { InvalidInput } from "../SetupFailure.ts"
import { inputsOf } from "../SetupRequest.ts"
import * as Submission from "../Submission.ts"
import { nameOf, wanted } from "../Targets.ts"
import * as Answers from "./Answers.ts"
import { Api, type SubmissionBody } from "./Api.ts"
import { Caller } from "./Caller.ts"
import { ServedRun } from "./Endpoint.ts"
import { Evidence } from "./Evidence.ts"
import * as Problem from "./Problem.ts"
import * as Role from "./Role.ts"
import * as RunActions from "../runs/RunActions.ts"
import * as RunStream from "./RunStream.ts"
import { Serving } from "./Serving.ts"
import { Submissions } from "./Submissions.ts"

/** How long a request waits for the process at a run to act on it. */
const patience = "3 seconds"

const encodeRun = Schema.encodeSync(Schema.toCodecJson(ServedRun))

export const layer = HttpApiBuilder.group(
  Api,
  "runs",
  Effect.fnUntraced(function* (handlers) {
    const runs = yield* Runs
    const submissions = yield* Submissions
    const evidence = yield* Evidence
    const serving = yield* Serving
    const { answered, one, served } = yield* Answers.make
    let streams = 0

    /** As soon as it is over, or as it is after a while. */
    const settled = Effect.fnUntraced(function* (run: Run) {
      const now = Effect.map(runs.get(run.id), (found) => found ?? run)
      const after = yield* now.pipe(
        Effect.delay("50 millis"),
        Effect.repeat({ until: isOver }),
        Effect.timeoutOrElse({ duration: patience, orElse: () => now })
      )
      return yield* one(after)
    })

    const decide = Effect.fnUntraced(function* (beginning: string, approved: boolean, comment: string | undefined) {
      const caller = yield* Caller
      const run = yield* RunActions.find(beginning)
      if (
        approved &&
        caller.known &&
        !serving.selfApproval &&
        (yield* submissions.askers(run.id)).includes(caller.name)
      ) {
        return yield* Effect.fail(ownRun(run))
      }
      const open = yield* RunActions.decide(run, { approved, by: caller.name, comment })
      return { by: caller.name, run: yield* open ? settled(run) : one(run) }
    })

    /** The proof of a run that has succeeded. */
    const proof = Effect.fnUntraced(function* (beginning: string, part: "manifest" | "attestation" | "publicKey") {
      const run = yield* RunActions.find(beginning)
      const found = run.status === "succeeded" ? yield* evidence.proof(run.id) : undefined
      if (found === undefined) {
        return yield* new RunConflict({ runId: run.id, status: run.status, detail: "it has no manifest" })
      }
      return Stream.make(Buffer.from(found[part]))
    })

    return handlers
      .handle("submit", ({ headers, payload }) =>
        Effect.gen(function* () {
          const caller = yield* Caller
          const key = headers["idempotency-key"]
          if (key !== undefined && payload.idempotencyKey !== undefined && key !== payload.idempotencyKey) {
            return yield* new InvalidInput({ detail: "the header and the body have different idempotency keys" })
          }
          const target = yield* targetOf(payload, serving.targets)
          const inputs = yield* inputsOf(payload)
          const request = { fresh: payload.fresh ?? true, idempotencyKey: key ?? payload.idempotencyKey }
          let chosen: Submission.Chosen | undefined
          yield* submissions.recorded(
            caller.name,
            Effect.gen(function* () {
              chosen = yield* Submission.choose(target, inputs, request, { queued: true })
              return chosen.created ? { id: chosen.id, attempt: 1 } : undefined
            })
          )
          const made: Submission.Chosen | undefined = chosen
          const id = made === undefined ? "" : made.created ? made.id : made.run.id
          return { created: made?.created === true, run: yield* one(yield* RunActions.find(id)) }
        }).pipe(answered)
      )
      .handle("list", ({ query }) =>
        Effect.gen(function* () {
          const { status = [] } = query
          const found = yield* runs.list({
            whole: query.parts !== "true" && query.target === undefined && status.length === 0,
            target: query.target === undefined ? undefined : wanted(query.target),
            since: query.since === undefined ? undefined : DateTime.toEpochMillis(query.since),
            status,
            limit: query.limit ?? 50
          })
          return { runs: (yield* served(found)).map((run) => ({ ...run, result: null })) }
        }).pipe(answered)
      )
      .handle("show", ({ params }) => Effect.flatMap(RunActions.find(params.run), one).pipe(answered))
      .handleRaw("events", ({ headers, params }) =>
        Effect.gen(function* () {
          const { id } = yield* RunActions.find(params.run)
          const look = Effect.gen(function* () {
            const run = yield* runs.get(id)
            if (run === undefined) return undefined
            const found = yield* one(run)
            return { run: found, json: JSON.stringify(encodeRun(found)) }
          })
          const seen = headers["last-event-id"]
          const first = yield* look
          if (first !== undefined && first.run.endedAt !== null && RunStream.idOf(first.json) === seen) {
            return HttpServerResponse.empty({ status: 204 })
          }
          if (streams >= serving.streams) return tooManyStreams
          streams++
          return HttpServerResponse.stream(
            RunStream.make(look, seen, serving).pipe(
              Stream.ensuring(
                Effect.sync(() => {
                  streams--
                })
              )
            ),
            {
              contentType: "text/event-stream",
              // A proxy that collects would keep everything back.
              headers: { "x-accel-buffering": "no" }
            }
          )
        }).pipe(answered)
      )
      .handle("cancel", ({ params }) =>
        Effect.gen(function* () {
          const caller = yield* Caller
          const run = yield* RunActions.find(params.run)
          yield* RunActions.cancel(run, caller.name)
          return yield* settled(run)
        }).pipe(answered)
      )
      .handle("retry", ({ params }) =>
        Effect.gen(function* () {
          const caller = yield* Caller
          const { id, status } = yield* RunActions.find(params.run)
          let again: Run | undefined
          yield* submissions.recorded(
            caller.name,
            Effect.tap(runs.retry(id, { queued: true }), (run) =>
              Effect.sync(() => {
                again = run
              })
            )
          )
          if (again === undefined) {
            const detail = status === "succeeded" ? "there is nothing to retry" : "it is not over"
            return yield* new RunConflict({ runId: id, status, detail })
          }
          return yield* one(again)
        }).pipe(answered)
      )
      .handle("approve", ({ params, payload }) => answered(decide(params.run, true, payload.comment)))
      .handle("reject", ({ params, payload }) => answered(decide(params.run, false, payload.comment)))
      .handle("prune", ({ payload: { dryRun = false, keep, olderThanSeconds } }) =>
        Effect.gen(function* () {
          if (keep === undefined && olderThanSeconds === undefined) {
            return yield* new InvalidInput({ detail: "keep, olderThanSeconds or both say what is to go" })
          }
          const olderThan = olderThanSeconds === undefined ? undefined : Duration.seconds(olderThanSeconds)
          return { removed: yield* Retention.prune({ keep, olderThan }, { dryRun }), dryRun }
        }).pipe(answered)
      )
      .handle("script", ({ params }) =>
        Effect.gen(function* () {
          const { role } = yield* Caller
          const { id, sha256, status } = yield* RunActions.find(params.run)
          const ready = status === "succeeded" || (status === "waiting" && Role.may(role, "unapprovedScript"))
          if (!ready || sha256 === null) {
            const detail = status === "waiting" ? "its script is not approved" : "it has no verified script"
            return yield* new RunConflict({ runId: id, status, detail })
          }
          return Stream.make(yield* evidence.script(sha256))
        }).pipe(answered)
      )
      .handle("approvedScript", ({ params }) =>
        Effect.gen(function* () {
          const { target } = yield* RunActions.find(params.run)
          const approved = yield* Effect.flatMap(Approvals, (approvals) => approvals.last(target))
          return approved === undefined ? undefined : Stream.make(yield* evidence.script(approved.sha256))
        }).pipe(answered)
      )
      .handle("manifest", ({ params }) => answered(proof(params.run, "manifest")))
      .handle("attestation", ({ params }) => answered(proof(params.run, "attestation")))
      .handle("publicKey", ({ params }) => answered(proof(params.run, "publicKey")))
  })
)

const targetOf = (
  { target }: typeof SubmissionBody.Type,
  known: ReadonlyArray<string>
): Effect.Effect<string, InvalidInput> => {
  const [only, ...others] = known
  if (target === undefined && only !== undefined && others.length === 0) return Effect.succeed(only)
  const url = target === undefined ? null : URL.parse(target)
  const name = url === null ? target : nameOf(url)
  if (name !== undefined && known.includes(name)) return Effect.succeed(name)
  const some = known.length > few ? `${known.slice(0, few).join(", ")} and others` : known.join(", ")
  const what =
    target === undefined ? "say which target, one of" : "the server is not configured for that target, but for"
  return Effect.fail(new InvalidInput({ detail: `${what} ${some}` }))
}

/** No more hosts are named in a sentence. */
const few = 5

const ownRun = ({ id }: Run): Problem.Problem =>
  Problem.make(403, {
    _tag: "FourEyes",
    code: "permission",
    message: `The run ${id} was asked for with this token: its script must be approved by somebody else.`,
    hint: "Have it approved with another token, or have the server allow it: --allow-self-approval."
  })

const tooManyStreams = Problem.toResponse(
  503,
  {
    _tag: "TooManyStreams",
    code: "server",
    message: "As many runs are followed as this server allows.",
    hint: "Try again later, or ask for the run now and then."
  },
  { "retry-after": "5" }
)
