/**
 * The playback endpoint, defined once: the client, the simulator's shape and the OpenAPI document come from here.
 *
 * **The path is unverified.** The API reference prints none; it is inferred from the sibling page for ssh-proxy, which
 * documents `POST /ssh-proxy/api/v1/connections/{connection_id}/keepalive` with the same wording and scope. Give another
 * one to {@link make} where it is wrong.
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
 * Where the endpoint is.
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
        .annotateMerge(Documentation.operation("Re-authenticate playback connection", reauthenticate))
    )
    .middleware(PrivxMiddleware)

/**
 * The api, with another path where a PrivX has it elsewhere.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (paths: Partial<Paths> = {}) =>
  HttpApi.make("privx-playback")
    .add(group({ ...defaultPaths, ...paths }))
    .annotateMerge(Documentation.api({ title: "SSH PrivX playback", version: "v1", scopes }))

/**
 * @since 0.1.0
 * @category models
 */
export type PlaybackApi = ReturnType<typeof make>
