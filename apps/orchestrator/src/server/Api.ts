/**
 * The HTTP API of `privx-kit serve`, defined once. The routes of the server, the client of the command line and the
 * OpenAPI document at `/openapi.json` are derived from this definition.
 *
 * The API cannot write files on the server: a submission has no output directory, mode or owner.
 */
import * as HttpApi from "effect/http-api/HttpApi"
import * as HttpApiEndpoint from "effect/http-api/HttpApiEndpoint"
import * as HttpApiGroup from "effect/http-api/HttpApiGroup"
import * as HttpApiSchema from "effect/http-api/HttpApiSchema"
import * as OpenApi from "effect/http-api/OpenApi"
import * as Schema from "effect/Schema"
import pkg from "../../package.json" with { type: "json" }
import { Manifest } from "@privx-kit/artifacts/Manifest"
import { expectations } from "../setup/SetupInputs.ts"
import * as ApiDocument from "./ApiDocument.ts"
import { artifacts } from "./ArtifactApi.ts"
import { Guard, Shape } from "./Principal.ts"
import { documented, IdempotencyKey, run, ServedRun, submission, Submitted, text, whole } from "./ApiEndpoint.ts"
import { bootstraps } from "./BootstrapApi.ts"
import { fleets } from "./FleetApi.ts"
import { health } from "./HealthApi.ts"
import { playback } from "./PlaybackApi.ts"
import { overview } from "./OverviewApi.ts"
import * as Problem from "./Problem.ts"
import * as Role from "./Role.ts"
import { signIn } from "./SignInApi.ts"
import * as RunQuery from "./RunQuery.ts"

const above = Schema.Int.check(Schema.isGreaterThan(0))
export const SubmissionBody = Schema.Struct({
  ...submission,
  ...expectations
}).annotate({ identifier: "Submission" })

/**
 * The reviewed script. If the run has a different script or attempt by now, the response is 409 and nothing is decided.
 */
const seen = {
  sha256: Schema.String.check(Schema.isPattern(/^[0-9a-fA-F]{64}$/u)).annotate({
    description: "SHA-256 of the reviewed script; 409 if the run has another one"
  }),
  attempt: above.annotate({
    description: "Attempt of the run that downloaded the script; 409 if the run is at another attempt"
  })
}

const comment = Schema.optionalKey(text(2000)).annotate({ description: "Reason; stored with the decision" })

/** A cancellation without a comment needs no body. */
const Cancellation = [
  Schema.Null,
  Schema.Struct({
    comment: Schema.optionalKey(text(2000)).annotate({ description: "Reason; stored with the cancellation" })
  }).annotate({ identifier: "Cancellation" })
] as const

const Approval = Schema.Struct({ ...seen, comment }).annotate({ identifier: "Approval" })

/** Both fields are optional, because a rejection delivers nothing. */
export const DecisionBody = Schema.Struct({
  sha256: Schema.optionalKey(seen.sha256),
  attempt: Schema.optionalKey(seen.attempt),
  comment
}).annotate({ identifier: "Rejection" })

export const Decided = Schema.Struct({
  by: Schema.String.annotate({ description: "Name of the token, as it is stored with the decision" }),
  run: ServedRun
})

const PruneBody = Schema.Struct({
  keep: Schema.optionalKey(whole).annotate({ description: "Keep this many of the latest ended runs" }),
  olderThanSeconds: Schema.optionalKey(whole).annotate({ description: "Remove runs that ended longer ago" }),
  dryRun: Schema.optionalKey(Schema.Boolean).annotate({ description: "Only report what would be removed" })
})

export const Pruned = Schema.Struct({ removed: Schema.Array(Schema.String), dryRun: Schema.Boolean })

/** The run after each change; the last one has ended. */
export const RunChanged = Schema.Struct({
  id: Schema.String,
  event: Schema.Literal("run"),
  data: Schema.fromJsonString(Schema.toCodecJson(ServedRun))
})

const file = (contentType: string) => HttpApiSchema.StreamUint8Array({ contentType })

const runs = HttpApiGroup.make("runs")
  .annotateMerge(
    OpenApi.annotations({ description: "Runs: submit, follow, approve and reject them, and get their results." })
  )
  .add(
    HttpApiEndpoint.post("submit", "/runs", {
      headers: { "idempotency-key": Schema.optionalKey(IdempotencyKey) },
      payload: SubmissionBody,
      success: Submitted.pipe(HttpApiSchema.status(202)),
      error: Problem.withBody
    })
      .annotate(Role.Needs, "submit")
      .annotateMerge(
        documented(
          "submit",
          "Submit a UEBA setup",
          "The response is sent once the run is recorded; the run executes afterwards. With an idempotency key, the request can be repeated."
        )
      ),
    HttpApiEndpoint.get("list", "/runs", {
      query: { ...RunQuery.query, ...RunQuery.status, ...RunQuery.page },
      success: Schema.Struct({
        runs: Schema.Array(ServedRun),
        next: Schema.NullOr(Schema.String).annotate({
          description: "Value of after for the next page; null: this is the last page"
        })
      }),
      error: Problem.any
    })
      .annotate(Role.Needs, "look")
      .annotateMerge(documented("look", "List runs, the latest first", "Without their results.")),
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
          "An event for each change, until the run has ended. With Last-Event-ID, events that were seen are not sent again; 204 if " +
            "the run has ended and its last event was seen."
        )
      ),
    HttpApiEndpoint.post("cancel", "/runs/:run/cancel", {
      ...run,
      payload: Cancellation,
      success: ServedRun,
      error: Problem.withBody
    })
      .annotate(Role.Needs, "submit")
      .annotateMerge(
        documented(
          "submit",
          "Cancel a run",
          "Responds with the run after the process that executes it has received the request, or a moment later."
        )
      )
      .annotateMerge(OpenApi.annotations({ transform: ApiDocument.optionalBody("Cancellation") })),
    HttpApiEndpoint.post("retry", "/runs/:run/retry", { ...run, success: ServedRun.pipe(HttpApiSchema.status(202)) })
      .annotate(Role.Needs, "submit")
      .annotateMerge(documented("submit", "Execute a failed or cancelled run again")),
    HttpApiEndpoint.post("approve", "/runs/:run/approve", {
      ...run,
      payload: Approval,
      success: Decided,
      error: Problem.withBody
    })
      .annotate(Role.Needs, "decide")
      .annotateMerge(
        documented(
          "decide",
          "Approve the script of a run",
          "Not with the token that submitted the run, and only for the script that the body names."
        )
      ),
    HttpApiEndpoint.post("reject", "/runs/:run/reject", {
      ...run,
      payload: DecisionBody,
      success: Decided,
      error: Problem.withBody
    })
      .annotate(Role.Needs, "decide")
      .annotateMerge(documented("decide", "Reject the script of a run that waits for approval")),
    HttpApiEndpoint.post("prune", "/runs/prune", { payload: PruneBody, success: Pruned, error: Problem.withBody })
      .annotate(Role.Needs, "administer")
      .annotateMerge(documented("administer", "Remove ended runs")),
    HttpApiEndpoint.get("script", "/runs/:run/script", { ...run, success: file("application/octet-stream") })
      .annotate(Role.Needs, "script")
      .annotateMerge(
        documented(
          "script",
          "Download the verified script",
          "For a run that waits for approval, the caller must be allowed to decide."
        )
      ),
    HttpApiEndpoint.get("referenceScript", "/runs/:run/reference-script", {
      ...run,
      success: [file("application/octet-stream"), HttpApiSchema.NoContent]
    })
      .annotate(Role.Needs, "script")
      .annotateMerge(
        documented(
          "script",
          "Download the script to compare with",
          "The approved script of the PrivX host, or its baseline; 204 if there is neither."
        )
      ),
    // The signed bytes; the component of that name describes their content.
    HttpApiEndpoint.get("manifest", "/runs/:run/manifest", { ...run, success: file("application/json") })
      .annotate(Role.Needs, "look")
      .annotateMerge(documented("look", "Download the manifest of a run that has succeeded"))
      .annotateMerge(OpenApi.annotations({ transform: ApiDocument.answers("Manifest") })),
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
  .add(bootstraps)
  .add(fleets)
  .add(playback)
  .add(artifacts)
  .add(overview)
  .add(signIn)
  .add(health)
  // Unknown fields are refused. Otherwise a misspelled limit, or an output directory, would silently have no effect.
  .annotate(HttpApi.PayloadParseOptions, { onExcessProperty: "error" })
  .annotate(HttpApi.QueryParseOptions, { onExcessProperty: "error" })
  .annotate(HttpApi.AdditionalSchemas, [Manifest.annotate({ identifier: "Manifest" })])
  .annotateMerge(
    OpenApi.annotations({
      title: "privx-kit",
      version: pkg.version,
      description: "Durable UEBA setups of SSH PrivX: submit, follow and approve them, and get their results.",
      license: { name: "Apache-2.0", identifier: "Apache-2.0" } as { readonly name: string },
      servers: [{ url: "/" }],
      transform: ApiDocument.complete
    })
  )
