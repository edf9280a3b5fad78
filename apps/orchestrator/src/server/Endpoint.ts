/** What the endpoints of the API have in common. */
import * as OpenApi from "effect/http-api/OpenApi"
import * as Schema from "effect/Schema"
import { RunJson } from "../runs/Run.ts"
import * as Problem from "./Problem.ts"
import * as Role from "./Role.ts"

export const text = (longest: number) => Schema.String.check(Schema.isMinLength(1), Schema.isMaxLength(longest))

export const IdempotencyKey = text(200).annotate({
  description: "Names the run: the same key means the same run again, over or not"
})

/** A run as the record has it, and who asked for it. */
export const ServedRun = Schema.Struct({
  ...RunJson.fields,
  requestedBy: Schema.NullOr(Schema.String).annotate({
    description: "Name of the token with which this attempt was asked for; null: it was not asked for here"
  })
}).annotate({ identifier: "Run" })

export type ServedRun = typeof ServedRun.Type

/** Of endpoints about one run. */
export const run = {
  params: { run: Schema.String.annotate({ description: "Id of the run, or its beginning" }) },
  error: Problem.any
}

export const documented = (right: Role.Right, summary: string, description = "") =>
  OpenApi.annotations({ summary, description: `${description} Roles: ${Role.allowed(right)}.`.trim() })
