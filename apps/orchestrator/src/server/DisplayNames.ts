/**
 * Display names of people who signed in through an issuer. Records and comparisons use issuer and subject as the
 * identity; the display name is the latest one of the issuer.
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

/** By identity. Identities without a display name are omitted. */
export const DisplayNameMap = Schema.Record(Schema.String, Schema.String)

export type DisplayNameMap = typeof DisplayNameMap.Type

export class DisplayNames extends Context.Service<
  DisplayNames,
  {
    /** Records the display name of a principal. If the storage fails, the identity is shown instead. */
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
      /** The names that this process has written, so that it does not write them with each request. */
      const written = new Map<string, string>()
      return DisplayNames.of({
        remember: Effect.fn("DisplayNames.remember")(function* ({ displayName, name }) {
          const shown = displayName?.slice(0, longest)
          if (shown === undefined || shown === name || written.get(name) === shown) return
          // Access tokens often have no name. Their subject does not replace a known name.
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
          // Names of tokens and accounts are shown unchanged.
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

/** Maximum length of a display name, in characters. */
const longest = 200

/** Maximum number of display names in memory. */
const mostWritten = 10_000
