/**
 * The UEBA endpoints, defined once: the client, the simulator's shapes and the OpenAPI document all come from here.
 *
 * @since 0.1.0
 */
import * as SessionId from "@privx-kit/core/SessionId"
import * as ErrorResponses from "@privx-kit/http/ErrorResponses"
import * as Documentation from "@privx-kit/http/Documentation"
import { type Definition, Operation } from "@privx-kit/http/Operation"
import { PrivxMiddleware } from "@privx-kit/http/PrivxMiddleware"
import * as HttpApi from "effect/http-api/HttpApi"
import * as HttpApiEndpoint from "effect/http-api/HttpApiEndpoint"
import * as HttpApiGroup from "effect/http-api/HttpApiGroup"
import * as HttpApiSchema from "effect/http-api/HttpApiSchema"
import * as Schema from "effect/Schema"

/**
 * Where the endpoints are.
 *
 * @since 0.1.0
 * @category models
 */
export interface Paths {
  readonly createSession: `/${string}`
  /** Must contain `:session_id`. */
  readonly downloadSetupScript: `/${string}`
  readonly configuration: `/${string}`
}

/**
 * The paths that both official SDKs use. The API reference prints none.
 *
 * @since 0.1.0
 * @category constants
 */
export const defaultPaths: Paths = {
  createSession: "/connection-manager/api/v1/ueba/setup-script",
  downloadSetupScript: "/connection-manager/api/v1/ueba/setup-script/:session_id",
  configuration: "/connection-manager/api/v1/ueba/configure"
}

/**
 * The answer to `createSession`: `{"id": "<uuid>"}`. Source: seed page.
 *
 * @since 0.1.0
 * @category schemas
 */
export const SetupSession = Schema.Struct({ id: SessionId.SetupSessionId })

/**
 * @since 0.1.0
 * @category models
 */
export interface SetupSession extends Schema.Schema.Type<typeof SetupSession> {}

/**
 * The answer to `configuration`: what PrivX makes the set-up script from. Source: the official SDKs; what stands in an entry
 * of `trust_anchors_info` is not documented.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Configuration = Schema.Struct({
  /** Of the UEBA server; empty where none is configured. */
  address: Schema.String,
  /** PEM certificates one after another; empty where none are configured. */
  trust_anchors: Schema.String,
  trust_anchors_info: Schema.optionalKey(Schema.NullOr(Schema.Array(Schema.Json)))
})

/**
 * @since 0.1.0
 * @category models
 */
export interface Configuration extends Schema.Schema.Type<typeof Configuration> {}

const createSession: Definition = {
  name: "Ueba.createSession",
  // An unused session is harmless: it expires.
  safeToRepeat: true,
  authorization: { scope: "admin" }
}

const downloadSetupScript: Definition = {
  name: "Ueba.downloadSetupScript",
  safeToRepeat: true,
  authorization: "none"
}

// The SDKs send a token; the scope is that of the other UEBA operations.
const configuration: Definition = {
  name: "Ueba.configuration",
  safeToRepeat: true,
  authorization: { scope: "admin" }
}

/** As the page describes them. */
const scopes = {
  admin: "Admin scope - used for built-in PrivX admin account",
  connectionsManage: "Admin user with connection-manage scope",
  connectionsPlayback: "Admin user with connections-playback scope",
  connectionsTerminate: "Admin user with connections-terminate scope",
  connectionsTrail: "Admin user with connections-trail scope",
  connectionsView: "Admin user with connections-view scope",
  service: "Microservice scope - used for communication between PrivX microservices",
  user: "Normal users"
}

const group = (paths: Paths) =>
  HttpApiGroup.make("ueba")
    .add(
      HttpApiEndpoint.post("createSession", paths.createSession, {
        success: SetupSession.annotate({ description: "Session ID" }).pipe(HttpApiSchema.status(200)),
        error: ErrorResponses.documentedWith500
      })
        .annotate(Operation, createSession)
        .annotateMerge(Documentation.operation("Create session ID for Ueba setup script", createSession)),
      HttpApiEndpoint.get("downloadSetupScript", paths.downloadSetupScript, {
        params: { session_id: SessionId.SetupSessionId },
        success: HttpApiSchema.StreamUint8Array({ contentType: "application/octet-stream" }).pipe(
          HttpApiSchema.status(200)
        ),
        error: ErrorResponses.documentedWith500
      })
        .annotate(Operation, downloadSetupScript)
        .annotateMerge(Documentation.operation("Download UEBA setup script", downloadSetupScript)),
      HttpApiEndpoint.get("configuration", paths.configuration, {
        success: Configuration.annotate({ description: "UEBA configuration" }).pipe(HttpApiSchema.status(200)),
        error: ErrorResponses.documentedWith500
      })
        .annotate(Operation, configuration)
        .annotateMerge(Documentation.operation("Get UEBA configuration", configuration))
    )
    .middleware(PrivxMiddleware)

/**
 * The api, with other paths where a PrivX has them elsewhere.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (paths: Partial<Paths> = {}) =>
  HttpApi.make("privx-ueba")
    .add(group({ ...defaultPaths, ...paths }))
    .annotateMerge(Documentation.api({ title: "SSH PrivX UEBA", version: "v1", scopes }))

/**
 * @since 0.1.0
 * @category models
 */
export type UebaApi = ReturnType<typeof make>
