/**
 * The part of the API for people who follow and approve runs: their identity, the kinds of run, a list that follows its
 * runs, and the data for a decision about a script.
 */
import { Source } from "@privx-kit/artifacts/Source"
import { RunId } from "@privx-kit/core/RunId"
import { VerificationReport } from "@privx-kit/ueba/VerificationReport"
import * as HttpApiEndpoint from "effect/http-api/HttpApiEndpoint"
import * as HttpApiGroup from "effect/http-api/HttpApiGroup"
import * as HttpApiSchema from "effect/http-api/HttpApiSchema"
import * as OpenApi from "effect/http-api/OpenApi"
import * as Schema from "effect/Schema"
import { Reference, RunStatus, Time } from "@privx-kit/runs/Run"
import { Guard, Shape } from "./Principal.ts"
import { displayNames, documented, Explanation, run, ServedRun, whole } from "./ApiEndpoint.ts"
import * as Problem from "./Problem.ts"
import * as Role from "./Role.ts"
import * as RunQuery from "./RunQuery.ts"

const Me = Schema.Struct({
  name: Schema.String.annotate({ description: "The name that is recorded with the actions of this principal" }),
  displayName: Schema.String.annotate({ description: "The name to show to people" }),
  role: Role.Role,
  rights: Schema.Array(Role.Right),
  known: Schema.Boolean.annotate({
    description: "false: the server has no authentication, so the name stands for any caller"
  })
}).annotate({ identifier: "Me" })

const Kind = Schema.Struct({
  name: Schema.String,
  title: Schema.String.annotate({ description: "Title for people" }),
  steps: Schema.Array(Schema.Struct({ name: Schema.String, title: Schema.String })).annotate({
    description: "In the order in which they are executed"
  })
}).annotate({ identifier: "RunKind" })

/** Statuses without a run are left out. */
export const Counts = Schema.Record(Schema.String, whole).annotate({
  identifier: "RunCounts",
  description: `How many runs have each status; keys: ${RunStatus.literals.join(", ")}`
})

const ReviewMaterial = Schema.Struct({
  reference: Schema.NullOr(
    Schema.Struct({
      ...Reference.fields,
      at: Time,
      by: Schema.NullOr(Schema.String).annotate({ description: "Who approved it; null: the baseline" }),
      comment: Schema.NullOr(Schema.String),
      runId: RunId
    })
  ).annotate({
    description:
      "The script to compare with: the approved one, or the baseline, which was trusted on first use; null: the PrivX host has neither"
  }),
  report: Schema.NullOr(VerificationReport).annotate({ description: "What the verification of the script found" }),
  source: Schema.NullOr(Source).annotate({
    description:
      "The server that sent the script, with its certificates, where a person had to decide about it; null: no person had to"
  }),
  mayApprove: Schema.Boolean.annotate({ description: "Whether the caller may approve the script now" }),
  obstacle: Schema.NullOr(Explanation).annotate({ description: "Why the caller may not" }),
  displayNames
}).annotate({ identifier: "Review" })

/** `runs`: the ids on the page in order, and the counts; `run`: the current state of one of them. */
export const ListEvent = Schema.Union([
  Schema.Struct({
    event: Schema.Literal("runs"),
    data: Schema.fromJsonString(
      Schema.Struct({ ids: Schema.Array(Schema.String), next: Schema.NullOr(Schema.String), counts: Counts })
    )
  }),
  Schema.Struct({ event: Schema.Literal("run"), data: Schema.fromJsonString(Schema.toCodecJson(ServedRun)) })
])

export const overview = HttpApiGroup.make("overview")
  .annotateMerge(OpenApi.annotations({ description: "Data for people who watch and approve runs." }))
  .add(
    HttpApiEndpoint.get("me", "/me", { success: Me, error: Problem.any })
      .annotate(Role.Needs, "look")
      .annotateMerge(documented("look", "Show the caller, and what its role allows")),
    HttpApiEndpoint.get("kinds", "/kinds", {
      success: Schema.Struct({ kinds: Schema.Array(Kind) }),
      error: Problem.any
    })
      .annotate(Role.Needs, "look")
      .annotateMerge(documented("look", "List the kinds of run that the server knows")),
    HttpApiEndpoint.get("domains", "/domains", {
      success: Schema.Struct({
        hosts: Schema.Array(Schema.String).annotate({
          description: "The PrivX hosts that endpoints of domains can ask: the server has their credentials"
        }),
        domains: Schema.Array(
          Schema.Struct({
            name: Schema.String,
            title: Schema.String.annotate({ description: "Title for people" }),
            view: Schema.NullOr(Schema.String).annotate({
              description: "Module of the view that the domain brings; null: it brings none"
            })
          })
        )
      }),
      error: Problem.any
    })
      .annotate(Role.Needs, "look")
      .annotateMerge(documented("look", "List the domains that have endpoints or a view here")),
    HttpApiEndpoint.get("counts", "/runs/counts", {
      query: RunQuery.query,
      success: Schema.Struct({ counts: Counts }),
      error: Problem.any
    })
      .annotate(Role.Needs, "look")
      .annotateMerge(documented("look", "Count runs by status")),
    HttpApiEndpoint.get("follow", "/runs/events", {
      query: { ...RunQuery.query, ...RunQuery.status, ...RunQuery.page },
      success: HttpApiSchema.StreamSse({ events: ListEvent }),
      error: Problem.any
    })
      .annotate(Role.Needs, "look")
      .annotateMerge(
        documented(
          "look",
          "Follow a list of runs (server-sent events)",
          "One stream for a whole page: it begins with the list as it is, then has an event for each change. The query is " +
            "that of the list; limit is at most 200."
        )
      ),
    HttpApiEndpoint.get("review", "/runs/:run/review", { ...run, success: ReviewMaterial })
      .annotate(Role.Needs, "look")
      .annotateMerge(
        documented(
          "look",
          "Show what a decision about the script of a run needs",
          "The script to compare with, the report of the verification, and whether the caller may approve."
        )
      )
  )
  .middleware(Shape)
  .middleware(Guard)
  .prefix("/api/v1")
