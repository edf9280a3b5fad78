/** What is noted of each request while it is answered, for the log and the metrics. Never a token, a body or a query. */
import * as Context from "effect/Context"

export interface Exchange {
  /** Name of the token; none where there was no right one. */
  caller: string | undefined
}

export const CurrentExchange = Context.Reference<Exchange | undefined>("privx-kit/server/CurrentExchange", {
  defaultValue: () => undefined
})
