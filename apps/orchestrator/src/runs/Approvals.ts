/**
 * Which script of a PrivX is approved. The first one is taken as it comes, unless approval is asked for always; from then
 * on only a person changes what is approved: what a run downloads without being asked is compared, never taken over.
 */
import type { StorageFailed } from "@privx-kit/core/StorageFailed"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import * as SqlClient from "effect/sql/SqlClient"
import { Database } from "../Database.ts"
import type { Review } from "./Run.ts"
import * as RunRows from "./RunRows.ts"

/**
 * When a run waits for a person: `always`; `changed`, when the script differs from the last approved one of its target;
 * `never`.
 */
export const RequireApproval = Schema.Literals(["always", "changed", "never"])

export type RequireApproval = typeof RequireApproval.Type

export const Approval = Schema.Struct({
  target: Schema.String,
  sha256: Schema.String,
  at: Schema.DateTimeUtcFromMillis,
  /** Name of the account; none where it was the first of its target and nobody was asked. */
  by: Schema.NullOr(Schema.String),
  comment: Schema.NullOr(Schema.String),
  runId: Schema.String
})

export type Approval = typeof Approval.Type

export class Approvals extends Context.Service<
  Approvals,
  {
    readonly last: (target: string) => Effect.Effect<Approval | undefined, StorageFailed>
    /** Makes it the last approved script of the target. */
    readonly approve: (approval: Omit<Approval, "at">) => Effect.Effect<void, StorageFailed>
    /** How a script stands to the last approved one, and whether somebody must be asked. */
    readonly review: (target: string, sha256: string, require: RequireApproval) => Effect.Effect<Review, StorageFailed>
  }
>()("privx-kit/Approvals") {
  static readonly layer: Layer.Layer<Approvals, never, SqlClient.SqlClient | Database> = Layer.effect(
    Approvals,
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const { rows, stored } = RunRows.make(sql, yield* Database)
      const read = rows(Schema.Array(Approval))
      const last = Effect.fn("Approvals.last")((target: string) =>
        Effect.map(
          read(sql`
            SELECT target, sha256, approved_at AS at, approved_by AS by, comment, run_id AS "runId"
            FROM approvals WHERE target = ${target} ORDER BY approved_at DESC LIMIT 1`),
          ([approval]) => approval
        )
      )
      return Approvals.of({
        last,
        approve: Effect.fn("Approvals.approve")(function* ({ by, comment, runId, sha256, target }) {
          const now = yield* Clock.currentTimeMillis
          yield* stored(sql`
            INSERT INTO approvals (target, sha256, approved_at, approved_by, comment, run_id)
            VALUES (${target}, ${sha256}, ${now}, ${by}, ${comment}, ${runId})
            ON CONFLICT (target, sha256) DO UPDATE SET approved_at = excluded.approved_at,
              approved_by = excluded.approved_by, comment = excluded.comment, run_id = excluded.run_id`)
        }),
        review: Effect.fnUntraced(function* (target, sha256, require) {
          const approved = yield* last(target)
          const change = approved === undefined ? "new" : approved.sha256 === sha256 ? "unchanged" : "changed"
          return {
            change,
            approved: approved?.sha256 ?? null,
            required: require === "always" || (require === "changed" && change === "changed"),
            decision: null
          }
        })
      })
    })
  )
}
