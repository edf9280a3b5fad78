/**
 * The playback endpoint, defined once for the client, the simulator and the OpenAPI document.
 *
 * **The path is unverified.** The API reference prints none; it is inferred from the sibling page for ssh-proxy, which
 * documents `POST /ssh-proxy/api/v1/connections/{connection_id}/keepalive` with the same wording and scope. If it is
 * wrong, pass another one to {@link make}.
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

/**
 * The path of the endpoint.
 *
 * @since 0.1.0
 * @category models
 */
export interface Paths {
  /** Must contain `:session_id`. */
  readonly reauthenticate: `/${string}`
}

/**
 * Unverified: see the head of this module.
 *
 * @since 0.1.0
 * @category constants
 */
export const defaultPaths: Paths = {
  reauthenticate: "/rdp-proxy/api/v1/playback/:session_id/keepalive"
}

const reauthenticate: Definition = {
  name: "Playback.reauthenticate",
  safeToRepeat: true,
  authorization: { scope: "user" }
}

const unverified =
  "the API reference prints no path for this operation. This one is inferred from the sibling operation of ssh-proxy."

/** As the page describes them. */
const scopes = {
  admin: "Admin scope - used for built-in SSH PrivX admin account",
  service: "Microservice scope - used for communication between PrivX microservices",
  user: "Normal users"
}

const group = (paths: Paths) =>
  HttpApiGroup.make("playback")
    .add(
      HttpApiEndpoint.post("reauthenticate", paths.reauthenticate, {
        params: { session_id: SessionId.PlaybackSessionId },
        success: HttpApiSchema.Empty(200).annotate({ description: "Connection re-authenticated" }),
        // The page documents no 500.
        error: ErrorResponses.documented
      })
        .annotate(Operation, reauthenticate)
        .annotateMerge(Documentation.operation("Re-authenticate playback connection", reauthenticate, { unverified }))
    )
    .annotateMerge(Documentation.group("Playback of recorded connections"))
    .middleware(PrivxMiddleware)

/**
 * Makes the API, with another path if PrivX has the endpoint elsewhere.
 *
 * @example
 * ```ts
 * import * as PlaybackApi from "@privx-kit/playback/PlaybackApi"
 * import * as OpenApi from "effect/http-api/OpenApi"
 *
 * const document = OpenApi.fromApi(PlaybackApi.make({ reauthenticate: "/elsewhere/:session_id/keepalive" }))
 * ```
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (paths: Partial<Paths> = {}) =>
  HttpApi.make("privx-playback")
    .add(group({ ...defaultPaths, ...paths }))
    .annotateMerge(
      Documentation.api({
        title: "SSH PrivX playback",
        version: "v1",
        description: "Playback of recorded connections of SSH PrivX, as the vendor's API reference documents it.",
        scopes
      })
    )

/**
 * @since 0.1.0
 * @category models
 */
export type PlaybackApi = ReturnType<typeof make>
