/** The data about each request for the log and the metrics. Never contains a token, a body or a query. */
import * as Context from "effect/Context"

export interface Exchange {
  /** The name of the token; `undefined` without a valid one. */
  caller: string | undefined
}

export const CurrentExchange = Context.Reference<Exchange | undefined>("privx-kit/server/CurrentExchange", {
  defaultValue: () => undefined
})
