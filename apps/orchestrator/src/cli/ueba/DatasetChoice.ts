/** Finds a dataset by its id or the beginning of it. */
import type { PrivxFailure } from "@privx-kit/http/PrivxFailure"
import { Ueba } from "@privx-kit/ueba/Ueba"
import * as Effect from "effect/Effect"
import { UsageError } from "../UsageError.ts"

/** Passes an unknown id on, so that PrivX responds to it. */
export const find = Effect.fnUntraced(function* (
  id: string,
  command: string
): Effect.fn.Return<string, PrivxFailure | UsageError, Ueba> {
  // An id with the length of a UUID is complete.
  if (id.length >= 36) return id
  const { items } = yield* Effect.flatMap(Ueba, (ueba) => ueba.listDatasets())
  if (items.some((dataset) => dataset.id === id)) return id
  const [one, ...others] = items.map((dataset) => dataset.id).filter((known) => known.startsWith(id))
  if (one === undefined) return id
  if (others.length === 0) return one
  return yield* new UsageError({
    command: `privx-kit ${command}`,
    problems: [`Several datasets begin with ${id}: ${[one, ...others].join(", ")}. Give more of the id.`]
  })
})
