/**
 * The reference script of each PrivX host, with which later scripts are compared. The first script is trusted on first
 * use and becomes the *baseline*, unless every run needs an approval. From then on only a person changes the reference,
 * by approving a script; a different script never replaces it automatically.
 *
 * @since 0.1.0
 */
import { RunId } from "@privx-kit/core/RunId"
import type { StorageFailed } from "@privx-kit/core/StorageFailed"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import * as SqlClient from "effect/sql/SqlClient"
import { Database } from "@privx-kit/durable/Database"
import type { Reference, Review } from "./Run.ts"
import * as RunRows from "./RunRows.ts"

/**
 * When a run waits for a person: `always`; `changed`, when the script differs from the reference of its target;
 * `never`.
 *
 * @since 0.1.0
 * @category schemas
 */
export const RequireApproval = Schema.Literals(["always", "changed", "never"])

/**
 * @since 0.1.0
 * @category models
 */
export type RequireApproval = typeof RequireApproval.Type

/**
 * @since 0.1.0
 * @category schemas
 */
export const Approval = Schema.Struct({
  target: Schema.String,
  sha256: Schema.String,
  at: Schema.DateTimeUtcFromMillis,
  /** Name of the account; `null` for a baseline. */
  by: Schema.NullOr(Schema.String),
  comment: Schema.NullOr(Schema.String),
  runId: RunId
})

/**
 * @since 0.1.0
 * @category models
 */
export type Approval = typeof Approval.Type

/**
 * Returns the reference that an approval makes: approved if a person made it, else a baseline.
 *
 * @example
 * ```ts
 * import { referenceOf } from "@privx-kit/runs/Approvals"
 *
 * export const { basis } = referenceOf({ by: null, sha256: "ab".repeat(32) }) // baseline
 * ```
 *
 * @since 0.1.0
 * @category getters
 */
export const referenceOf = ({ by, sha256 }: Pick<Approval, "by" | "sha256">): Reference => ({
  sha256,
  basis: by === null ? "baseline" : "approved"
})

/**
 * Records which scripts were approved, and compares a new one with the reference of its PrivX host.
 *
 * **Details**: the reference is the script that was approved last, or the baseline, which was trusted on first use.
 *
 * **Errors**: `StorageFailed` if the database cannot be used.
 *
 * @example
 * ```ts
 * import { Approvals } from "@privx-kit/runs/Approvals"
 *
 * export const review = Approvals.use((approvals) =>
 *   approvals.review("https://privx.example.com", "ab".repeat(32), "changed")
 * )
 * ```
 *
 * @since 0.1.0
 * @category services
 */
export class Approvals extends Context.Service<
  Approvals,
  {
    readonly last: (target: string) => Effect.Effect<Approval | undefined, StorageFailed>
    /** Makes the approved script the reference of the target. */
    readonly approve: (approval: Omit<Approval, "at">) => Effect.Effect<void, StorageFailed>
    /** Compares a script with the reference, and says whether the run must wait for an approval. */
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
            FROM approvals WHERE target = ${target} ORDER BY position DESC LIMIT 1`),
          ([approval]) => approval
        )
      )
      return Approvals.of({
        last,
        approve: Effect.fn("Approvals.approve")(function* ({ by, comment, runId, sha256, target }) {
          const now = yield* Clock.currentTimeMillis
          yield* stored(sql`
            INSERT INTO approvals (target, sha256, position, approved_at, approved_by, comment, run_id)
            SELECT ${target}, ${sha256}, COALESCE(MAX(position), 0) + 1, ${now}, ${by}, ${comment}, ${runId}
            FROM approvals WHERE target = ${target}
            ON CONFLICT (target, sha256) DO UPDATE SET position = excluded.position, approved_at = excluded.approved_at,
              approved_by = excluded.approved_by, comment = excluded.comment, run_id = excluded.run_id`)
        }),
        review: Effect.fnUntraced(function* (target, sha256, require) {
          const latest = yield* last(target)
          const change = latest === undefined ? "new" : latest.sha256 === sha256 ? "unchanged" : "changed"
          return {
            change,
            reference: latest === undefined ? null : referenceOf(latest),
            required: require === "always" || (require === "changed" && change === "changed"),
            decision: null
          }
        })
      })
    })
  )
}
