/** What a suite hands back: tables for a person, data for a program. */
import type { Options } from "./Options.ts"

export interface Measured {
  readonly tables: ReadonlyArray<string>
  readonly data: Readonly<Record<string, unknown>>
}

/** The subjects that `--only` leaves, the reference among them. */
export const chosen = <Name extends string>(names: ReadonlyArray<Name>, options: Options, reference: Name) =>
  options.only.length === 0
    ? names
    : names.filter((name) => name === reference || options.only.some((part) => name.includes(part)))
