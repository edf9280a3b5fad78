/** Creates a token for the server, shows it once, and prints its entry for the token file. */
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import type { Role } from "../../server/Role.ts"
import * as Tokens from "../../server/Tokens.ts"
import { Screen } from "../../terminal/Screen.ts"
import type { Globals } from "../flags/GlobalFlags.ts"
import * as Outcome from "../Outcome.ts"

export interface Input extends Globals {
  readonly name: string
  readonly role: Role
  readonly expires: Date | undefined
  readonly json: boolean
}

export const run = Effect.fnUntraced(function* (input: Input) {
  const { err } = yield* Screen
  const { name, role } = input
  return yield* Effect.sync(() => Tokens.issue(name, role, input.expires)).pipe(
    Outcome.report<ReturnType<typeof Tokens.issue>>({
      command: "serve token",
      json: input.json,
      verbose: input.verbose,
      toJson: ({ entry, token }) => ({ name, role, token: Redacted.value(token), entry }),
      toPerson: ({ entry, token }, out) =>
        out
          .write(entry)
          .pipe(
            Effect.andThen(err.line(`${err.style.bold("Token")} (shown once): ${Redacted.value(token)}`)),
            Effect.andThen(err.line("  Add the entry on standard output to the token file of the server."))
          )
    })
  )
})
