/**
 * The connection to a host of a submitted fleet, as its file defines it: addresses, certificates, and references to the
 * credentials. The process that sets up the host resolves the references; the credentials are never recorded.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import { CredentialsReference } from "@privx-kit/settings/CredentialsReference"
import type { HostUnusable } from "./HostUnusable.ts"
import { type HostServices, PrivxHosts } from "@privx-kit/settings/PrivxHosts"

export const HostConnection = Schema.Struct({
  baseUrl: Schema.String,
  /** PEM texts, trusted in addition to the CAs of the system. */
  ca: Schema.optionalKey(Schema.Array(Schema.String)),
  credentials: CredentialsReference,
  /** In the format of a fleet file: `30s`. */
  timeout: Schema.optionalKey(Schema.String),
  deadline: Schema.optionalKey(Schema.String)
})

export type HostConnection = typeof HostConnection.Type

/** Opens the connection to such a host until the scope closes. */
export type HostConnector = (
  target: string,
  connection: HostConnection
) => Effect.Effect<Context.Context<HostServices>, HostUnusable, Scope.Scope>

/** By default a process accepts no such hosts, and suspends their runs: see `HostPolicy`. */
export const HostConnector = Context.Reference<HostConnector | undefined>("privx-kit/HostConnector", {
  defaultValue: () => undefined
})

/**
 * Whether this process can execute the setups of a host: it is configured for the host, or accepts submitted connections.
 */
export const isReachable = Effect.fnUntraced(function* ({
  inputs,
  target
}: {
  readonly target: string
  readonly inputs: Schema.Json
}) {
  const hosts = yield* PrivxHosts
  const given = typeof inputs === "object" && inputs !== null && "connection" in inputs
  return hosts.has(target) || (given && (yield* HostConnector) !== undefined)
})
