/**
 * The part of the API for bootstraps of UEBA. The body contains the files that a bootstrap file references: the policy
 * and the trust anchors. Nothing is written on the server, so there is no output directory.
 */
import * as HttpApiEndpoint from "effect/http-api/HttpApiEndpoint"
import * as HttpApiGroup from "effect/http-api/HttpApiGroup"
import * as HttpApiSchema from "effect/http-api/HttpApiSchema"
import * as OpenApi from "effect/http-api/OpenApi"
import * as Schema from "effect/Schema"
import * as Struct from "effect/Struct"
import { Content } from "../bootstrap/BootstrapSchema.ts"
import { fromFile } from "../setup/FieldNames.ts"
import { expectations } from "../setup/SetupInputs.ts"
import { documented, IdempotencyKey, submission, Submitted } from "./ApiEndpoint.ts"
import { Guard, Shape } from "./Principal.ts"
import * as Problem from "./Problem.ts"
import * as Role from "./Role.ts"

const { $schema: _, address, output: __, trust_anchors_file: ___, ...others } = Content.fields

/** The same fields as in a bootstrap file, with the naming of the API. */
export const BootstrapBody = Schema.Struct({
  ...submission,
  address,
  trustAnchors: Schema.optionalKey(Schema.NonEmptyString).annotate({
    description: "Trust anchors of UEBA as PEM; default: the configured ones"
  }),
  ...fromFile(others),
  ...Struct.pick(expectations, ["sha256", "policy"])
}).annotate({ identifier: "Bootstrap" })

export type BootstrapBody = typeof BootstrapBody.Type

export const bootstraps = HttpApiGroup.make("bootstraps")
  .annotateMerge(OpenApi.annotations({ description: "Bootstraps: UEBA from scratch to an active model." }))
  .add(
    HttpApiEndpoint.post("submit", "/bootstraps", {
      headers: { "idempotency-key": Schema.optionalKey(IdempotencyKey) },
      payload: BootstrapBody,
      success: Submitted.pipe(HttpApiSchema.status(202)),
      error: Problem.withBody
    })
      .annotate(Role.Needs, "submit")
      .annotateMerge(
        documented(
          "submit",
          "Take UEBA from scratch to an active model",
          "The response is sent once the run is recorded; the run executes afterwards. With an idempotency key, the request can be repeated. The run is " +
            "listed, followed, retried and cancelled like any other."
        )
      )
  )
  .middleware(Shape)
  .middleware(Guard)
  .prefix("/api/v1")
