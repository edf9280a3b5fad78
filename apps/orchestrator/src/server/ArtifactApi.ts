/** The part of the API for stored scripts, independent of their runs. */
import { RunId } from "@privx-kit/core/RunId"
import * as HttpApiEndpoint from "effect/http-api/HttpApiEndpoint"
import * as HttpApiGroup from "effect/http-api/HttpApiGroup"
import * as OpenApi from "effect/http-api/OpenApi"
import * as Schema from "effect/Schema"
import { Guard, Shape } from "./Principal.ts"
import { Time } from "@privx-kit/runs/Run"
import { documented, whole } from "./ApiEndpoint.ts"
import * as Problem from "./Problem.ts"
import * as Role from "./Role.ts"

const StoredScript = Schema.Struct({
  sha256: Schema.String,
  bytes: whole,
  storedAt: Time,
  intact: Schema.Boolean.annotate({ description: "Whether the stored bytes still match the hash" }),
  runs: Schema.Array(Schema.Struct({ runId: RunId, target: Schema.String, downloadedAt: Time })).annotate({
    description: "The runs that downloaded it, the latest first, up to 100"
  })
}).annotate({ identifier: "Artifact" })

export const artifacts = HttpApiGroup.make("artifacts")
  .annotateMerge(OpenApi.annotations({ description: "Stored scripts, by their digest." }))
  .add(
    HttpApiEndpoint.get("show", "/artifacts/:sha256", {
      params: {
        sha256: Schema.String.check(Schema.isPattern(/^[0-9a-fA-F]{4,64}$/u)).annotate({
          description: "SHA-256 of the script, or a unique prefix of at least 4 digits"
        })
      },
      success: StoredScript,
      error: Problem.any
    })
      .annotate(Role.Needs, "look")
      .annotateMerge(documented("look", "Show a stored script"))
  )
  .middleware(Shape)
  .middleware(Guard)
  .prefix("/api/v1")
