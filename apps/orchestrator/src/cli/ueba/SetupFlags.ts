/** The flags for the inputs of a setup, generated from `setupFields`. */
import * as Flag from "effect/cli/Flag"
import { toFlag } from "../../setup/FieldNames.ts"
import { type SetupField, type SetupFieldName, type SetupFields, setupFields } from "../../setup/SetupFields.ts"
import * as FlagKinds from "../flags/FlagKinds.ts"
import type { Values } from "../LazyCommand.ts"

const kinds = {
  directory: (name: string, help: string) => FlagKinds.text(name, "DIR", help).pipe(Flag.withAlias("o")),
  sha256: (name: string, help: string) =>
    FlagKinds.required(name, "HEX", help).pipe(
      Flag.filter(
        (text) => /^[0-9a-fA-F]{64}$/.test(text),
        () => "64 hexadecimal digits"
      ),
      Flag.optional
    ),
  size: (name: string, help: string) => FlagKinds.positive(name, help).pipe(Flag.optional),
  policy: (name: string, help: string) => FlagKinds.text(name, "FILE", help),
  approval: (name: string, help: string) =>
    Flag.Literals(name, ["always", "changed", "never"]).pipe(Flag.withDescription(help), Flag.optional),
  mode: (_name: string, help: string) => FlagKinds.mode(help),
  owner: (name: string, help: string) => FlagKinds.text(name, "USER[:GROUP]", help)
}

type Flags = {
  readonly [Name in SetupFieldName as SetupFields[Name] extends { readonly flag: string } ? Name : never]: ReturnType<
    (typeof kinds)[SetupFields[Name]["kind"]]
  >
}

export const flags = Object.fromEntries(
  Object.entries<SetupField>(setupFields).flatMap(([name, { flag, kind }]) =>
    flag === undefined ? [] : [[name, kinds[kind](toFlag(name), flag)]]
  )
) as Flags

export type Input = Values<Flags>
