/** The inputs of a setup as schemas: for the journal, and for the body of an API request. */
import { Owner } from "@privx-kit/artifacts/Manifest"
import { RequireApproval } from "@privx-kit/runs/Approvals"
import { Sha256 } from "@privx-kit/ueba/Sha256"
import { VerificationPolicy } from "@privx-kit/ueba/VerificationPolicy"
import * as Schema from "effect/Schema"
import * as Struct from "effect/Struct"
import { HostConnection } from "./HostConnection.ts"
import { type SetupFieldName, type SetupFields, setupFields } from "./SetupFields.ts"

const kinds = {
  directory: Schema.String,
  sha256: Sha256,
  size: Schema.Int.check(Schema.isGreaterThan(0)),
  policy: VerificationPolicy,
  approval: RequireApproval,
  mode: Schema.Int,
  owner: Owner
}

type InputFields = {
  readonly [Name in SetupFieldName]: Schema.optionalKey<(typeof kinds)[SetupFields[Name]["kind"]]>
}

const inputFields = Object.fromEntries(
  Object.entries(setupFields).map(([name, { description, kind }]) => [
    name,
    Schema.optionalKey<(typeof kinds)[typeof kind]>(kinds[kind]).annotate({ description })
  ])
) as InputFields

/**
 * The requirements for the script. The other inputs concern the executing machine and are not part of an API request.
 */
export const expectations = Struct.omit(inputFields, ["output", "mode", "owner"])

/** The inputs that distinguish one setup from another. */
export const SetupInputs = Schema.Struct({
  ...inputFields,
  /** The connection of a submitted fleet host. A process that is configured for the host uses its own connection. */
  connection: Schema.optionalKey(HostConnection)
})

export type SetupInputs = typeof SetupInputs.Type
