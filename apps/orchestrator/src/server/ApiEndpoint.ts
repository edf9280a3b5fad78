/** Shared parts of the API endpoints. */
import * as OpenApi from "effect/http-api/OpenApi"
import * as Schema from "effect/Schema"
import { RunJson } from "@privx-kit/runs/Run"
import { DisplayNameMap } from "./DisplayNames.ts"
import * as Problem from "./Problem.ts"
import * as Role from "./Role.ts"

export const text = (longest: number) => Schema.String.check(Schema.isMinLength(1), Schema.isMaxLength(longest))

export const whole = Schema.Int.check(Schema.isGreaterThanOrEqualTo(0))

export const IdempotencyKey = text(200).annotate({
  description: "Names the run: the same key always means the same run, ended or not"
})

/** The text of a failure, for people. */
export const Explanation = Schema.Struct({
  message: Schema.String.annotate({ description: "One line: what failed and why" }),
  hint: Schema.String.annotate({ description: "One line: what to do about it; may be empty" })
})

export type Explanation = typeof Explanation.Type

export const displayNames = DisplayNameMap.annotate({
  description: "The names to show for people who signed in at an issuer, by the identity that is recorded"
})

/** A run of the record, with its requester. */
export const ServedRun = Schema.Struct({
  ...RunJson.fields,
  explanation: Schema.NullOr(Explanation).annotate({
    description: "The failure in words; null: no failure, or a kind of run that the server does not know"
  }),
  requestedBy: Schema.NullOr(Schema.String).annotate({
    description: "Name of the token that requested this attempt; null: it was not requested at this server"
  }),
  displayNames
}).annotate({ identifier: "Run" })

export type ServedRun = typeof ServedRun.Type

/** The common fields of all submissions. */
export const submission = {
  target: Schema.optionalKey(Schema.String).annotate({
    description: "Base URL of a PrivX host that the server is configured for; default: its only one"
  }),
  idempotencyKey: Schema.optionalKey(IdempotencyKey),
  fresh: Schema.optionalKey(Schema.Boolean).annotate({
    description: "false: join an unfinished run with the same inputs, if there is one. Default true"
  })
}

/** The response to a submission. */
export const Submitted = Schema.Struct({
  created: Schema.Boolean.annotate({ description: "Whether it is new" }),
  run: ServedRun
})

/** For endpoints of a single run. */
export const run = {
  params: { run: Schema.String.annotate({ description: "Id of the run, or a unique prefix of it" }) },
  error: Problem.any
}

export const documented = (right: Role.Right, summary: string, description = "") =>
  OpenApi.annotations({ summary, description: `${description} Roles: ${Role.allowed(right)}.`.trim() })
