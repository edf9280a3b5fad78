/**
 * The HTTP API of `privx-kit serve`, defined once: the server's routes, the client of the command line and the OpenAPI
 * document at `/openapi.json` all come from here.
 *
 * Nobody writes files on the server through it: an output folder, a mode or an owner are no part of a submission.
 */
import { Sha256 } from "@privx-kit/ueba/Sha256"
import { VerificationPolicy } from "@privx-kit/ueba/VerificationPolicy"
import * as HttpApi from "effect/http-api/HttpApi"
import * as HttpApiEndpoint from "effect/http-api/HttpApiEndpoint"
import * as HttpApiGroup from "effect/http-api/HttpApiGroup"
import * as HttpApiSchema from "effect/http-api/HttpApiSchema"
import * as OpenApi from "effect/http-api/OpenApi"
import * as Schema from "effect/Schema"
import pkg from "../../package.json" with { type: "json" }
import { RequireApproval } from "../runs/Approvals.ts"
import { RunStatus } from "../runs/Run.ts"
import { artifacts } from "./ArtifactApi.ts"
import { Guard, Shape } from "./Caller.ts"
import { documented, IdempotencyKey, run, ServedRun, text } from "./Endpoint.ts"
import { fleets } from "./FleetApi.ts"
import * as Problem from "./Problem.ts"
import * as Role from "./Role.ts"

const whole = Schema.Int.check(Schema.isGreaterThanOrEqualTo(0))
const above = Schema.Int.check(Schema.isGreaterThan(0))
export const SubmissionBody = Schema.Struct({
  target: Schema.optionalKey(Schema.String).annotate({
    description: "Base URL of the PrivX, one that the server is configured for; default: its only one"
  }),
  sha256: Schema.optionalKey(Sha256).annotate({ description: "SHA-256 that the script must have" }),
  minBytes: Schema.optionalKey(above),
  maxBytes: Schema.optionalKey(above).annotate({ description: "The largest script to accept; default 4 MiB" }),
  policy: Schema.optionalKey(VerificationPolicy).annotate({ description: "What the script is held to" }),
  requireApproval: Schema.optionalKey(RequireApproval).annotate({ description: "Default never" }),
  idempotencyKey: Schema.optionalKey(IdempotencyKey),
  fresh: Schema.optionalKey(Schema.Boolean).annotate({
    description: "false: go on with an unfinished run of the same inputs where there is one. Default true"
  })
}).annotate({ identifier: "Submission" })

export const Submitted = Schema.Struct({
  created: Schema.Boolean.annotate({ description: "Whether it is new" }),
  run: ServedRun
})

const Decision = Schema.Struct({
  comment: Schema.optionalKey(text(2000)).annotate({ description: "Why; is kept with the decision" })
})

export const Decided = Schema.Struct({
  by: Schema.String.annotate({ description: "Name of the token, as it is kept with the decision" }),
  run: ServedRun
})

const PruneBody = Schema.Struct({
  keep: Schema.optionalKey(whole).annotate({ description: "Keep so many of those that are over, the latest" }),
  olderThanSeconds: Schema.optionalKey(whole).annotate({ description: "Remove those that ended longer ago" }),
  dryRun: Schema.optionalKey(Schema.Boolean).annotate({ description: "Only say what would be removed" })
})

export const Pruned = Schema.Struct({ removed: Schema.Array(Schema.String), dryRun: Schema.Boolean })

/** The run each time that it has changed; the last one is over. */
export const RunChanged = Schema.Struct({
  id: Schema.String,
  event: Schema.Literal("run"),
  data: Schema.fromJsonString(Schema.toCodecJson(ServedRun))
})

const file = (contentType: string) => HttpApiSchema.StreamUint8Array({ contentType })

const runs = HttpApiGroup.make("runs")
  .add(
    HttpApiEndpoint.post("submit", "/runs", {
      headers: { "idempotency-key": Schema.optionalKey(IdempotencyKey) },
      payload: SubmissionBody,
      success: Submitted.pipe(HttpApiSchema.status(202)),
      error: Problem.any
    })
      .annotate(Role.Needs, "submit")
      .annotateMerge(
        documented(
          "submit",
          "Submit a UEBA set-up",
          "It is recorded when this answers, and carried out afterwards. With an idempotency key it can be sent again."
        )
      ),
    HttpApiEndpoint.get("list", "/runs", {
      query: {
        status: Schema.optionalKey(Schema.Array(RunStatus)),
        target: Schema.optionalKey(Schema.String),
        since: Schema.optionalKey(Schema.DateTimeUtcFromString),
        parts: Schema.optionalKey(Schema.Literals(["true", "false"])).annotate({
          description: "true: the hosts of fleet runs too; they are listed where a status or target asks for them"
        }),
        limit: Schema.optionalKey(Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 1000 })))
      },
      success: Schema.Struct({ runs: Schema.Array(ServedRun) }),
      error: Problem.any
    })
      .annotate(Role.Needs, "look")
      .annotateMerge(documented("look", "List runs, the latest first", "Without their results; default limit 50.")),
    HttpApiEndpoint.get("show", "/runs/:run", { ...run, success: ServedRun })
      .annotate(Role.Needs, "look")
      .annotateMerge(documented("look", "Show a run")),
    HttpApiEndpoint.get("events", "/runs/:run/events", {
      ...run,
      headers: { "last-event-id": Schema.optionalKey(Schema.String) },
      success: [HttpApiSchema.StreamSse({ events: RunChanged }), HttpApiSchema.NoContent]
    })
      .annotate(Role.Needs, "look")
      .annotateMerge(
        documented(
          "look",
          "Follow a run (server-sent events)",
          "An event for each change, until the run is over. With Last-Event-ID, what was seen is not sent again; 204 where " +
            "the run is over and its last event was seen."
        )
      ),
    HttpApiEndpoint.post("cancel", "/runs/:run/cancel", { ...run, success: ServedRun })
      .annotate(Role.Needs, "submit")
      .annotateMerge(
        documented("submit", "Cancel a run", "Answers with the run as it is when that was seen, or soon after.")
      ),
    HttpApiEndpoint.post("retry", "/runs/:run/retry", { ...run, success: ServedRun.pipe(HttpApiSchema.status(202)) })
      .annotate(Role.Needs, "submit")
      .annotateMerge(documented("submit", "Carry out a run that failed or was cancelled again")),
    HttpApiEndpoint.post("approve", "/runs/:run/approve", { ...run, payload: Decision, success: Decided })
      .annotate(Role.Needs, "decide")
      .annotateMerge(documented("decide", "Approve the script of a run", "Not by whoever asked for the run.")),
    HttpApiEndpoint.post("reject", "/runs/:run/reject", { ...run, payload: Decision, success: Decided })
      .annotate(Role.Needs, "decide")
      .annotateMerge(documented("decide", "Reject the script of a run that waits for approval")),
    HttpApiEndpoint.post("prune", "/runs/prune", { payload: PruneBody, success: Pruned, error: Problem.any })
      .annotate(Role.Needs, "administer")
      .annotateMerge(documented("administer", "Remove runs that are over")),
    HttpApiEndpoint.get("script", "/runs/:run/script", { ...run, success: file("application/octet-stream") })
      .annotate(Role.Needs, "script")
      .annotateMerge(
        documented(
          "script",
          "Download the verified script",
          "Of a run that waits for approval, only for who may decide."
        )
      ),
    HttpApiEndpoint.get("approvedScript", "/runs/:run/approved-script", {
      ...run,
      success: [file("application/octet-stream"), HttpApiSchema.NoContent]
    })
      .annotate(Role.Needs, "script")
      .annotateMerge(
        documented(
          "script",
          "Download the script to compare with",
          "The approved one of that PrivX; 204 where there is none."
        )
      ),
    HttpApiEndpoint.get("manifest", "/runs/:run/manifest", { ...run, success: file("application/json") })
      .annotate(Role.Needs, "look")
      .annotateMerge(documented("look", "Download the manifest of a run that has succeeded")),
    HttpApiEndpoint.get("attestation", "/runs/:run/attestation", { ...run, success: file("application/jsonl") })
      .annotate(Role.Needs, "look")
      .annotateMerge(documented("look", "Download the signed attestation (in-toto, DSSE) of the manifest")),
    HttpApiEndpoint.get("publicKey", "/runs/:run/public-key", { ...run, success: file("application/x-pem-file") })
      .annotate(Role.Needs, "look")
      .annotateMerge(documented("look", "Download the public key of the attestation"))
  )
  .middleware(Shape)
  .middleware(Guard)
  .prefix("/api/v1")

export const Api = HttpApi.make("privx-kit")
  .add(runs)
  .add(fleets)
  .add(artifacts)
  // What is not known is refused: a misspelt limit, or an output folder, would otherwise be taken for granted.
  .annotate(HttpApi.PayloadParseOptions, { onExcessProperty: "error" })
  .annotate(HttpApi.QueryParseOptions, { onExcessProperty: "error" })
  .annotateMerge(
    OpenApi.annotations({
      title: "privx-kit",
      version: pkg.version,
      description: "Durable UEBA set-ups of SSH PrivX: submit, follow, approve, and get what came of them."
    })
  )
