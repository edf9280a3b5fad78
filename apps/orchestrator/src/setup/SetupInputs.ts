/** The inputs of a setup as schemas: those in the journal, and those that the body of an API request has. */
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

/** What the script is held to. The rest is about the machine that executes the setup, and no part of an API request. */
export const expectations = Struct.omit(inputFields, ["output", "mode", "owner"])

/** The inputs that distinguish one setup from another. */
export const SetupInputs = Schema.Struct({
  ...inputFields,
  /** Of a host of a fleet that was submitted to a server; a process that knows the host has its own way to it. */
  connection: Schema.optionalKey(HostConnection)
})

export type SetupInputs = typeof SetupInputs.Type
