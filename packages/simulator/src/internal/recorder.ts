/**
 * Records requests. A request is recorded when its head arrives, and completed during its response, so that a request
 * without a response is recorded as well.
 */
import * as Context from "effect/Context"
import * as DateTime from "effect/DateTime"
import type * as HttpServerRequest from "effect/http/HttpServerRequest"
import * as Redacted from "effect/Redacted"
import type { RecordedRequest } from "../RecordedRequest.ts"

/** A request that is being processed. */
export type Exchange = { -readonly [K in keyof RecordedRequest]: RecordedRequest[K] }

/** The exchange of the current request: started by the server, completed by the gate and the fault player. */
export const CurrentExchange = Context.Reference<Exchange | undefined>("@privx-kit/simulator/CurrentExchange", {
  defaultValue: () => undefined
})

export class Recorder {
  #exchanges: Array<Exchange> = []
  readonly #limit: number

  /** @param limit maximum number of recorded requests; the oldest are dropped */
  constructor(limit: number) {
    this.#limit = limit
  }

  begin(request: HttpServerRequest.HttpServerRequest, now: number): Exchange {
    const exchange: Exchange = {
      time: DateTime.makeUnsafe(now),
      operation: undefined,
      method: request.method,
      template: undefined,
      target: Redacted.make(request.url, { label: "target" }),
      headers: withoutSecrets(request.headers),
      token: bearer(request.headers),
      bodyBytes: 0,
      status: undefined,
      fault: undefined,
      sentBytes: 0
    }
    this.#exchanges.push(exchange)
    // Several at once, because removing the first element of a long array costs its length.
    if (this.#exchanges.length >= this.#limit * 2) this.#exchanges = this.#exchanges.slice(-this.#limit)
    return exchange
  }

  /** Returns copies, which do not change afterwards. */
  snapshot(): ReadonlyArray<RecordedRequest> {
    return this.#exchanges.slice(-this.#limit).map((exchange) => ({ ...exchange }))
  }

  clear(): void {
    this.#exchanges = []
  }
}

const secrets: ReadonlySet<string> = new Set(["authorization", "cookie", "proxy-authorization"])

const withoutSecrets = (headers: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, secrets.has(name) ? "<redacted>" : value]))

/** The token of an `Authorization: Bearer` header. */
export const bearer = (headers: Readonly<Record<string, string>>): Redacted.Redacted<string> | undefined => {
  const [, token] = /^Bearer +(\S+)$/i.exec(headers["authorization"] ?? "") ?? []
  return token === undefined ? undefined : Redacted.make(token, { label: "token" })
}
