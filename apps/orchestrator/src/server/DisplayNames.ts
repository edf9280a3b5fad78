/**
 * The names that people are shown for those who signed in at an issuer. An identity stays issuer and subject, wherever it is
 * recorded or compared; its display name is what the issuer said last.
 */
import type { StorageFailed } from "@privx-kit/core/StorageFailed"
import { Database } from "@privx-kit/durable/Database"
import * as RunRows from "@privx-kit/runs/RunRows"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import * as SqlClient from "effect/sql/SqlClient"
import { isOfIssuer } from "./Oidc.ts"
import type { Principal } from "./Principal.ts"

/** By identity; identities without one are left out. */
export const DisplayNameMap = Schema.Record(Schema.String, Schema.String)

export type DisplayNameMap = typeof DisplayNameMap.Type

export class DisplayNames extends Context.Service<
  DisplayNames,
  {
    /** Records the display name of a principal. If the storage does not work, the identity is shown instead. */
    readonly remember: (principal: Pick<Principal["Service"], "name" | "displayName">) => Effect.Effect<void>
    readonly of: (identities: Iterable<string>) => Effect.Effect<DisplayNameMap, StorageFailed>
  }
>()("privx-kit/server/DisplayNames") {
  static readonly layer: Layer.Layer<DisplayNames, never, SqlClient.SqlClient | Database> = Layer.effect(
    DisplayNames,
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const { rows, stored } = RunRows.make(sql, yield* Database)
      const read = rows(Rows)
      /** What this process has written, so that it writes once and not with each request. */
      const written = new Map<string, string>()
      return DisplayNames.of({
        remember: Effect.fn("DisplayNames.remember")(function* ({ displayName, name }) {
          const shown = displayName?.slice(0, longest)
          if (shown === undefined || shown === name || written.get(name) === shown) return
          // Access tokens often have no name: the subject, which stands for it, replaces none that is known.
          const unnamed = name.endsWith(`#${shown}`)
          if (unnamed && written.has(name)) return
          const known = unnamed ? sql`NOTHING` : sql`UPDATE SET display_name = excluded.display_name`
          yield* stored(sql`
            INSERT INTO display_names (name, display_name) VALUES (${name}, ${shown})
            ON CONFLICT (name) DO ${known}`).pipe(
            Effect.matchEffect({
              onFailure: (failure) => Effect.logDebug(failure.message),
              onSuccess: () =>
                Effect.sync(() => {
                  if (written.size >= mostWritten) written.clear()
                  written.set(name, shown)
                })
            })
          )
        }),
        of: Effect.fn("DisplayNames.of")(function* (identities) {
          // Names of tokens and accounts are shown as they are.
          const names = [...new Set(identities)].filter(isOfIssuer)
          if (names.length === 0) return {}
          const found = yield* read(sql`
            SELECT name, display_name AS "displayName" FROM display_names WHERE ${sql.in("name", names)}`)
          return Object.fromEntries(found.map(({ displayName, name }) => [name, displayName]))
        })
      })
    })
  )
}

const Rows = Schema.Array(Schema.Struct({ name: Schema.String, displayName: Schema.String }))

/** Of a display name, in characters. */
const longest = 200

/** People whose names are kept in memory. */
const mostWritten = 10_000
