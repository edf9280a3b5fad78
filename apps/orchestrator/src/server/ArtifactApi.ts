/** The part of the API that is about stored scripts, whichever runs they are of. */
import * as HttpApiEndpoint from "effect/http-api/HttpApiEndpoint"
import * as HttpApiGroup from "effect/http-api/HttpApiGroup"
import * as Schema from "effect/Schema"
import { Guard, Shape } from "./Caller.ts"
import { documented } from "./Endpoint.ts"
import * as Problem from "./Problem.ts"
import * as Role from "./Role.ts"

const StoredScript = Schema.Struct({
  sha256: Schema.String,
  bytes: Schema.Int,
  storedAt: Schema.DateTimeUtcFromString,
  intact: Schema.Boolean.annotate({ description: "Whether its bytes still have that hash" }),
  runs: Schema.Array(
    Schema.Struct({ runId: Schema.String, target: Schema.String, downloadedAt: Schema.DateTimeUtcFromString })
  ).annotate({ description: "The runs that are of it, the latest first, up to 100" })
}).annotate({ identifier: "Artifact" })

export const artifacts = HttpApiGroup.make("artifacts")
  .add(
    HttpApiEndpoint.get("show", "/artifacts/:sha256", {
      params: {
        sha256: Schema.String.check(Schema.isPattern(/^[0-9a-fA-F]{4,64}$/)).annotate({
          description: "SHA-256 of the script, or how it begins: at least 4 digits"
        })
      },
      success: StoredScript,
      error: Problem.any
    })
      .annotate(Role.Needs, "look")
      .annotateMerge(documented("look", "Show what is known of a stored script"))
  )
  .middleware(Shape)
  .middleware(Guard)
  .prefix("/api/v1")
