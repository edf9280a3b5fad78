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
import { HostUnusable } from "./HostUnusable.ts"

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

/** Whether the inputs of a set-up say themselves how its host is reached. */
export const isGiven = (inputs: Schema.Json): boolean =>
  typeof inputs === "object" && inputs !== null && "connection" in inputs

/** The operations of such a host. By default a process takes none: it has to be told which, see `SubmittedHosts`. */
export const Reach = Context.Reference<
  (target: string, connection: HostConnection) => Effect.Effect<Ueba["Service"], HostUnusable, Scope.Scope>
>("privx-kit/Reach", {
  defaultValue: () => (target) => Effect.fail(new HostUnusable({ target, problems: ["no hosts of fleets are taken"] }))
})
