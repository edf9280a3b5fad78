/** Handlers of the run endpoints. They only read and write the storage; they execute nothing. */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as HttpApiBuilder from "effect/http-api/HttpApiBuilder"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import { Approvals } from "@privx-kit/runs/Approvals"
import * as Retention from "@privx-kit/runs/Retention"
import { isOver, type Run } from "@privx-kit/runs/Run"
import { RunConflict, InvalidInput } from "@privx-kit/runs/RunFailures"
import { Runs } from "@privx-kit/runs/Runs"
import { inputsOf } from "../setup/SetupRequest.ts"
import { SetupRun } from "../setup/SetupRun.ts"
import * as MinimumPolicy from "../setup/MinimumPolicy.ts"
import * as Responses from "./Responses.ts"
import { Api, type DecisionBody } from "./Api.ts"
import { FourEyes } from "./FourEyes.ts"
import { Principal } from "./Principal.ts"
import { ServedRun } from "./ApiEndpoint.ts"
import { ProvenanceReader } from "./ProvenanceReader.ts"
import * as Role from "./Role.ts"
import * as RunActions from "@privx-kit/runs/RunActions"
import * as RunIntake from "./RunIntake.ts"
import * as RunQuery from "./RunQuery.ts"
import * as RunStream from "./RunStream.ts"
import { StreamLimit } from "./StreamLimit.ts"
import { Serving } from "./Serving.ts"
import { RequesterLog } from "./RequesterLog.ts"

/** How long a request waits until the executing process acts on it. */
const patience = "3 seconds"

const encodeRun = Schema.encodeSync(Schema.toCodecJson(ServedRun))

export const layer = HttpApiBuilder.group(
  Api,
  "runs",
  Effect.fnUntraced(function* (handlers) {
    const runs = yield* Runs
    const submissions = yield* RequesterLog
    const evidence = yield* ProvenanceReader
    const serving = yield* Serving
    const { answered, one, served } = yield* Responses.make
    const streams = yield* StreamLimit
    const fourEyes = yield* FourEyes
    const intake = RunIntake.provided(submissions, serving)

    /** Returns the run as soon as it has ended, or in its current state after a while. */
    const settled = Effect.fnUntraced(function* (run: Run) {
      const now = Effect.map(runs.get(run.id), (found) => found ?? run)
      const after = yield* now.pipe(
        Effect.delay("50 millis"),
        Effect.repeat({ until: isOver }),
        Effect.timeoutOrElse({ duration: patience, orElse: () => now })
      )
      return yield* one(after)
    })

    const decide = Effect.fnUntraced(function* (beginning: string, approved: boolean, body: typeof DecisionBody.Type) {
      const caller = yield* Principal
      const run = yield* RunActions.find(beginning)
      const obstacle = approved ? yield* fourEyes.obstacle(run) : undefined
      if (obstacle !== undefined) return yield* Effect.fail(obstacle)
      const open = yield* RunActions.decide(run, {
        approved,
        by: caller.name,
        comment: body.comment,
        // An approval requires both.
        sha256: body.sha256?.toLowerCase() ?? run.sha256 ?? "",
        attempt: body.attempt ?? run.attempt
      })
      return { by: caller.name, run: yield* open ? settled(run) : one(run) }
    })

    /** The provenance of a succeeded run. */
    const provenance = Effect.fnUntraced(function* (beginning: string, part: "manifest" | "attestation" | "publicKey") {
      const run = yield* RunActions.find(beginning)
      const found = run.status === "succeeded" ? yield* evidence.provenance(run.id) : undefined
      if (found === undefined) {
        return yield* new RunConflict({ runId: run.id, status: run.status, detail: "it has no manifest" })
      }
      return Stream.make(Buffer.from(found[part]))
    })

    return handlers
      .handle("submit", ({ headers, payload }) =>
        Effect.gen(function* () {
          const inputs = yield* MinimumPolicy.raise(yield* inputsOf(payload), serving.minimum)
          const { created, run } = yield* RunIntake.record(SetupRun, inputs, payload, headers)
          return { created, run: yield* one(run) }
        }).pipe(intake, answered)
      )
      .handle("list", ({ query }) =>
        Effect.gen(function* () {
          const filter = RunQuery.of(query)
          const found = yield* runs.list(filter)
          return { runs: yield* served(found), next: RunQuery.next(found, filter.limit) }
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
          return yield* streams.respond(RunStream.make(look, seen, serving))
        }).pipe(answered)
      )
      .handle("cancel", ({ params, payload }) =>
        Effect.gen(function* () {
          const caller = yield* Principal
          const run = yield* RunActions.find(params.run)
          yield* RunActions.cancel(run, caller.name, payload?.comment)
          return yield* settled(run)
        }).pipe(answered)
      )
      .handle("retry", ({ params }) =>
        Effect.gen(function* () {
          const caller = yield* Principal
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
            const detail = status === "succeeded" ? "there is nothing to retry" : "it has not ended"
            return yield* new RunConflict({ runId: id, status, detail })
          }
          return yield* one(again)
        }).pipe(answered)
      )
      .handle("approve", ({ params, payload }) => answered(decide(params.run, true, payload)))
      .handle("reject", ({ params, payload }) => answered(decide(params.run, false, payload)))
      .handle("prune", ({ payload: { dryRun = false, keep, olderThanSeconds } }) =>
        Effect.gen(function* () {
          if (keep === undefined && olderThanSeconds === undefined) {
            return yield* new InvalidInput({ detail: "keep, olderThanSeconds or both are required" })
          }
          const olderThan = olderThanSeconds === undefined ? undefined : Duration.seconds(olderThanSeconds)
          return { removed: yield* Retention.prune({ keep, olderThan }, { dryRun }), dryRun }
        }).pipe(answered)
      )
      .handle("script", ({ params }) =>
        Effect.gen(function* () {
          const { role } = yield* Principal
          const { id, sha256, status } = yield* RunActions.find(params.run)
          const ready = status === "succeeded" || (status === "waiting" && Role.allows(role, "unapprovedScript"))
          if (!ready || sha256 === null) {
            const detail =
              status === "waiting"
                ? "only the roles approver and admin can see its script before the approval"
                : "it has no verified script"
            return yield* new RunConflict({ runId: id, status, detail })
          }
          return Stream.make(yield* evidence.script(sha256))
        }).pipe(answered)
      )
      .handle("referenceScript", ({ params }) =>
        Effect.gen(function* () {
          const { target } = yield* RunActions.find(params.run)
          const reference = yield* Effect.flatMap(Approvals, (approvals) => approvals.last(target))
          return reference === undefined ? undefined : Stream.make(yield* evidence.script(reference.sha256))
        }).pipe(answered)
      )
      .handle("manifest", ({ params }) => answered(provenance(params.run, "manifest")))
      .handle("attestation", ({ params }) => answered(provenance(params.run, "attestation")))
      .handle("publicKey", ({ params }) => answered(provenance(params.run, "publicKey")))
  })
)
