/**
 * Sends requests with `fetch`, for runtimes without Node's sockets or undici: Bun, and browser-like runtimes.
 *
 * It replaces undici's dispatcher, so that the transport is the same: retries, deadlines, limits, tokens. An option
 * that `fetch` does not support is refused by name and never silently ignored.
 */
import type { IncomingHttpHeaders } from "node:http"
import type { Dispatcher } from "undici"
import type * as Proxy from "../Proxy.ts"
import type * as Tls from "../Tls.ts"
import { ConnectFailure } from "./connectFailure.ts"

/** The part of a dispatcher that the exchange needs. */
export interface RequestDispatcher {
  readonly dispatch: Dispatcher.Dispatch
  readonly destroy: () => Promise<void>
}

/** Bun replaces the module `undici` with its own, which has no connections. */
const isBun = "Bun" in globalThis

/** Whether this runtime has to use `fetch`. */
export const isNeeded: boolean = isBun || !("process" in globalThis) || process.versions.node === undefined

interface Options extends Tls.Options {
  readonly baseUrl: URL
  readonly route: Proxy.Choice
}

/** Names the option that `fetch` does not support; `undefined` if it supports all of them. */
const whyNot = ({ baseUrl, ca = [], clientCertificate, onlyCa, pins = [], route }: Options): string | undefined => {
  const refused = (what: string) => `this runtime sends requests with fetch, which cannot ${what}`
  if (pins.length > 0) return refused("check pinned keys (pins)")
  if (clientCertificate !== undefined) return refused("present a client certificate (clientCertificate)")
  if (route._tag === "Proxied") return refused(`use a given proxy (${route.source})`)
  if (route._tag === "Invalid") return `${route.source} names no usable proxy: ${route.problem}`
  if (isBun) {
    const variable = proxyVariable(baseUrl)
    return route.reason === switchedOff && variable !== undefined
      ? refused(`ignore the proxy of the environment (${variable})`)
      : undefined
  }
  if (ca.length > 0) return refused("trust additional certificates (ca)")
  return onlyCa === true ? refused("ignore the certificates of the system (onlyCa)") : undefined
}

/** The reason of a route for which the caller disabled proxies. */
export const switchedOff = "proxies are switched off"

const proxyVariable = ({ protocol }: URL): string | undefined => {
  const name = protocol === "https:" ? "HTTPS_PROXY" : "HTTP_PROXY"
  return [name, name.toLowerCase()].find((variable) => (process.env[variable] ?? "") !== "")
}

export const make = (options: Options): RequestDispatcher => {
  const problem = whyNot(options)
  const extensions = isBun ? bunOptions(options) : {}
  const open = new Set<FetchController>()
  return {
    dispatch: (request, handler) => {
      const controller = new FetchController()
      open.add(controller)
      void send({ request, handler, controller, problem, extensions }).finally(() => open.delete(controller))
      return true
    },
    destroy: async () => {
      for (const controller of open) controller.abort(new Error("the connection is closed"))
    }
  }
}

/** Options of Bun's `fetch` beyond the standard: trusted CAs, and no decompression. */
const bunOptions = ({ ca = [], onlyCa }: Options) => {
  const pems = ca.map((one) => (typeof one === "string" ? one : one.pem))
  return {
    decompress: false,
    ...(pems.length === 0 && onlyCa !== true
      ? undefined
      : { tls: { ca: onlyCa === true ? pems : [...roots(), ...pems] } })
  }
}

const roots = (): ReadonlyArray<string> => {
  // The module exists on Bun; elsewhere it is not loaded.
  const tls = process.getBuiltinModule("node:tls")
  return tls.rootCertificates
}

/** Aborts and pauses an exchange, as the transport expects. */
export class FetchController implements Dispatcher.DispatchController {
  readonly #aborting = new AbortController()
  #reason: Error | null = null
  #resumed: PromiseWithResolvers<void> | undefined

  get signal(): AbortSignal {
    return this.#aborting.signal
  }

  get aborted(): boolean {
    return this.#aborting.signal.aborted
  }

  get reason(): Error | null {
    return this.#reason
  }

  get paused(): boolean {
    return this.#resumed !== undefined
  }

  readonly rawHeaders = null
  readonly rawTrailers = null

  abort(reason: Error): void {
    if (this.aborted) return
    this.#reason = reason
    this.#aborting.abort(reason)
    this.resume()
  }

  pause(): void {
    this.#resumed ??= Promise.withResolvers()
  }

  resume(): void {
    this.#resumed?.resolve()
    this.#resumed = undefined
  }

  /** Resolves when nothing pauses the exchange. */
  async ready(): Promise<void> {
    await this.#resumed?.promise
  }
}

interface Sending {
  readonly request: Dispatcher.DispatchOptions
  readonly handler: Dispatcher.DispatchHandler
  readonly controller: FetchController
  readonly problem: string | undefined
  readonly extensions: object
}

const send = async ({ controller, extensions, handler, problem, request }: Sending): Promise<void> => {
  try {
    handler.onRequestStart?.(controller, {})
    if (controller.aborted) return
    if (problem !== undefined) throw new ConnectFailure("settings", { answer: problem })
    const response = await fetch(String(request.origin) + request.path, {
      method: request.method,
      headers: headersFor(request.headers as Readonly<Record<string, string>>),
      // The transport passes a body as bytes, or none.
      body: (request.body as Uint8Array<ArrayBuffer> | null | undefined) ?? null,
      redirect: "manual",
      signal: controller.signal,
      ...extensions
    })
    if (response.type === "opaqueredirect") {
      const answer = "the server answers with a redirect, which a browser that sends requests with fetch does not show"
      throw new ConnectFailure("settings", { answer })
    }
    const headers = headersOf(response)
    handler.onResponseStart?.(controller, response.status, headers, response.statusText)
    const announced = headers["content-length"]
    let received = 0
    if (response.body !== null) {
      for await (const chunk of response.body) {
        if (controller.aborted) return
        received += chunk.byteLength
        // Only the type of undici asks for a Buffer; the handlers here take bytes, and a browser has no Buffer.
        handler.onResponseData?.(controller, chunk as Buffer)
        await controller.ready()
      }
    }
    if (controller.aborted) return
    if (announced !== undefined && request.method !== "HEAD" && received < Number(announced)) throw cutShort()
    handler.onResponseEnd?.(controller, {})
  } catch (cause) {
    if (controller.aborted && cause === controller.reason) return
    handler.onResponseError?.(controller, asNode(cause))
  }
}

/** `fetch` sets the length itself, and Node 22 refuses an explicit one. */
const headersFor = ({ "content-length": _, ...headers }: Readonly<Record<string, string>>): Record<string, string> =>
  headers

/** Not every `fetch` detects that a body is shorter than announced. */
const cutShort = (): Error => Object.assign(new Error("the body is shorter than announced"), { code: "ECONNRESET" })

/**
 * A standard `fetch` decompresses the body but keeps the headers of the compressed one: coding and length would
 * mislead. On Bun, decompression is switched off.
 */
const headersOf = (response: Response): IncomingHttpHeaders => {
  const headers: IncomingHttpHeaders = Object.fromEntries(response.headers)
  const cookies = response.headers.getSetCookie()
  if (cookies.length > 0) headers["set-cookie"] = cookies
  if (!isBun && headers["content-encoding"] !== undefined) {
    delete headers["content-encoding"]
    delete headers["content-length"]
  }
  return headers
}

/** Bun's names for error codes that Node names differently. */
const codes: Readonly<Record<string, string>> = {
  ConnectionRefused: "ECONNREFUSED",
  FailedToOpenSocket: "ECONNREFUSED",
  ConnectionClosed: "ECONNRESET",
  ConnectionReset: "ECONNRESET",
  UnexpectedEndOfStream: "ECONNRESET",
  DNSResolveError: "ENOTFOUND",
  Timeout: "ETIMEDOUT"
}

const asNode = (cause: unknown): Error => {
  const error = cause instanceof Error ? cause : new Error(String(cause))
  const code = "code" in error && typeof error.code === "string" ? codes[error.code] : undefined
  return code === undefined ? error : Object.assign(new Error(error.message, { cause: error }), { code })
}
