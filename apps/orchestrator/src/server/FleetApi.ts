/**
 * The part of the API for fleets. A fleet is submitted as the text of its file, so that problems have a line and a
 * column. The submission contains the policies and certificates that the file names, but no secrets: the process that
 * executes the runs reads them.
 */
import { RunId } from "@privx-kit/core/RunId"
import { VerificationPolicy } from "@privx-kit/ueba/VerificationPolicy"
import * as HttpApiEndpoint from "effect/http-api/HttpApiEndpoint"
import * as HttpApiGroup from "effect/http-api/HttpApiGroup"
import * as HttpApiSchema from "effect/http-api/HttpApiSchema"
import * as OpenApi from "effect/http-api/OpenApi"
import * as Schema from "effect/Schema"
import { FleetPreview } from "../fleet/FleetPreview.ts"
import { HostReport } from "../fleet/FleetReport.ts"
import { Counts } from "../fleet/FleetRun.ts"
import { Standing } from "../fleet/FleetStatus.ts"
import { Guard, Shape } from "./Principal.ts"
import { documented, IdempotencyKey, run, ServedRun, text } from "./ApiEndpoint.ts"
import * as Problem from "./Problem.ts"
import * as Role from "./Role.ts"

/** Each of them is matched against each host. */
const few = Schema.isMaxLength(500)

export const FleetBody = Schema.Struct({
  definition: Schema.String.annotate({
    description: "Text of the fleet file, YAML or JSON, as fleet.schema.json describes it; output and mode are ignored"
  }),
  file: Schema.optionalKey(text(1000)).annotate({ description: "Name of the file in messages; default fleet" }),
  policies: Schema.optionalKey(Schema.Record(Schema.String, VerificationPolicy)).annotate({
    description: "The policies that the definition refers to, by the names in it"
  }),
  certificates: Schema.optionalKey(Schema.Record(Schema.String, Schema.String)).annotate({
    description: "PEM texts of the CA files that the definition refers to, by the names in it"
  }),
  timeZone: Schema.optionalKey(text(100)).annotate({
    description: "Time zone of the machine that applies the fleet, for a schedule that names none, e.g. Europe/Helsinki"
  }),
  only: Schema.optionalKey(Schema.Array(text(200)).check(few)).annotate({
    description: "Only hosts with these names; * matches anything"
  }),
  labels: Schema.optionalKey(Schema.Array(text(500)).check(few)).annotate({
    description: "Only hosts with all of these labels, as NAME=VALUE"
  })
}).annotate({ identifier: "FleetDefinition" })

export type FleetBody = typeof FleetBody.Type

const StartedFleet = Schema.Struct({
  created: Schema.Boolean.annotate({ description: "Whether it is new" }),
  run: ServedRun,
  others: Schema.Array(Schema.String).annotate({
    description: "Unfinished runs of the same fleet with other hosts or inputs; they are left alone"
  })
})

const FleetShown = Schema.Struct({
  fleet: Schema.String,
  run: ServedRun,
  counts: Counts,
  hosts: Schema.Array(HostReport)
}).annotate({ identifier: "Fleet" })

const Preview = FleetPreview.annotate({ identifier: "FleetPreview" })

const RoundStanding = Schema.Struct({
  ...Standing.fields,
  latest: RunId.annotate({ description: "The last round of the fleet: only its schedule counts" })
}).annotate({ identifier: "FleetStanding" })

export const fleets = HttpApiGroup.make("fleets")
  .annotateMerge(OpenApi.annotations({ description: "Fleets: the setups of many PrivX hosts as one run." }))
  .add(
    HttpApiEndpoint.post("apply", "/fleets", {
      headers: { "idempotency-key": Schema.optionalKey(IdempotencyKey) },
      payload: FleetBody,
      success: StartedFleet.pipe(HttpApiSchema.status(202)),
      error: Problem.withBody
    })
      .annotate(Role.Needs, "submit")
      .annotateMerge(
        documented(
          "submit",
          "Set up every host of a fleet",
          "It is recorded when this answers, and executed afterwards. An unfinished run of the same hosts and inputs is " +
            "resumed."
        )
      ),
    HttpApiEndpoint.post("plan", "/fleets/plan", {
      payload: FleetBody,
      success: Preview,
      error: Problem.withBody
    })
      .annotate(Role.Needs, "look")
      .annotateMerge(documented("look", "Show what applying a fleet would do, host by host")),
    HttpApiEndpoint.post("standing", "/fleets/status", {
      payload: FleetBody,
      success: Standing,
      error: Problem.withBody
    })
      .annotate(Role.Needs, "look")
      .annotateMerge(documented("look", "Show the state of each host of a fleet, from the record")),
    HttpApiEndpoint.get("show", "/fleets/:run", { ...run, success: FleetShown })
      .annotate(Role.Needs, "look")
      .annotateMerge(documented("look", "Show a fleet run, host by host")),
    HttpApiEndpoint.get("state", "/fleets/:run/status", { ...run, success: RoundStanding })
      .annotate(Role.Needs, "look")
      .annotateMerge(
        documented(
          "look",
          "Say how the hosts of a fleet run stand now, from the record",
          "Whatever run was the last of each host. With the next time of the schedule."
        )
      ),
    HttpApiEndpoint.get("preview", "/fleets/:run/plan", { ...run, success: Preview })
      .annotate(Role.Needs, "look")
      .annotateMerge(
        documented(
          "look",
          "Say what applying the plan of a fleet run again would do, and how it differs from the round before it"
        )
      )
  )
  .middleware(Shape)
  .middleware(Guard)
  .prefix("/api/v1")
