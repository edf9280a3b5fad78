/**
 * The inputs of a setup in fleet and bootstrap files, where a policy is a file name and permissions are a text.
 */
import { RequireApproval } from "@privx-kit/runs/Approvals"
import { Sha256 } from "@privx-kit/ueba/Sha256"
import * as Schema from "effect/Schema"
import * as FieldNames from "./FieldNames.ts"
import { type SetupField, type SetupFieldName, type SetupFields, setupFields } from "./SetupFields.ts"

export const text = (description: string) => Schema.NonEmptyString.annotate({ description, expected: "a text" })

export const pattern = (regExp: RegExp, expected: string, description: string) =>
  Schema.String.check(Schema.isPattern(regExp, { expected })).annotate({ description, expected })

export const positive = (description: string) =>
  Schema.Int.check(Schema.isGreaterThan(0, { expected: "a whole number above 0" })).annotate({
    description,
    expected: "a whole number above 0"
  })

const kinds = {
  directory: text,
  sha256: (description: string) => Sha256.annotate({ description, expected: "64 hexadecimal digits" }),
  size: positive,
  policy: text,
  approval: (description: string) => RequireApproval.annotate({ description, expected: "always, changed or never" }),
  mode: (description: string) => pattern(/^0?[0-7]{3}$/u, "an octal mode in quotes, like '0700'", description),
  owner: text
}

type FileFields = {
  readonly [
    Name in SetupFieldName as SetupFields[Name] extends { readonly file: string } ? FieldNames.SnakeCase<Name> : never
  ]: Schema.optionalKey<ReturnType<(typeof kinds)[SetupFields[Name]["kind"]]>>
}

export const setupFileFields = Object.fromEntries(
  Object.entries<SetupField>(setupFields).flatMap(([name, { file, kind }]) =>
    file === undefined
      ? []
      : [[FieldNames.toFile(name), Schema.optionalKey<ReturnType<(typeof kinds)[typeof kind]>>(kinds[kind](file))]]
  )
) as FileFields
