/**
 * How the PrivX of a host is reached, as a fleet that is handed to a server says it: addresses, certificates, and where
 * the credentials are. The process that carries the host out follows the references; what they lead to is in no record.
 */
import type { Ueba } from "@privx-kit/ueba/Ueba"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import { CredentialsReference } from "./fleet/FleetSchema.ts"
import type { HostUnusable } from "./HostUnusable.ts"
import { Targets } from "./Targets.ts"

export const HostConnection = Schema.Struct({
  baseUrl: Schema.String,
  /** PEM texts, trusted beside the system's. */
  ca: Schema.optionalKey(Schema.Array(Schema.String)),
  credentials: CredentialsReference,
  /** As in a fleet file: `30s`. */
  timeout: Schema.optionalKey(Schema.String),
  deadline: Schema.optionalKey(Schema.String)
})

export type HostConnection = typeof HostConnection.Type

/** The operations of such a host, for as long as the scope is open. */
export type Reach = (
  target: string,
  connection: HostConnection
) => Effect.Effect<Ueba["Service"], HostUnusable, Scope.Scope>

/** By default a process takes no such hosts: it has to be told which, see `SubmittedHosts`. Their runs are then put aside. */
export const Reach = Context.Reference<Reach | undefined>("privx-kit/Reach", { defaultValue: () => undefined })

/** Whether this process can carry out the set-ups of a host: it is configured for it, or takes those that bring their way. */
export const isReachable = Effect.fnUntraced(function* ({
  inputs,
  target
}: {
  readonly target: string
  readonly inputs: Schema.Json
}) {
  const targets = yield* Targets
  const given = typeof inputs === "object" && inputs !== null && "connection" in inputs
  return targets.has(target) || (given && (yield* Reach) !== undefined)
})
