/** Sends requests on Node: undici's pools with the sockets of this package. */
import * as Effect from "effect/Effect"
import { type Dispatcher, Pool } from "undici"
import * as CertificateDiagnosis from "../CertificateDiagnosis.ts"
import type { Options } from "../Connection.ts"
import * as Proxy from "../Proxy.ts"
import { SecureContexts } from "../SecureContexts.ts"
import * as Tls from "../Tls.ts"
import { TransportError } from "../TransportError.ts"
import { ConnectFailure } from "./connectFailure.ts"
import * as Connector from "./connector.ts"
import { type RequestDispatcher, switchedOff } from "./fetchDispatcher.ts"
import { HeadListener } from "./headListener.ts"

export interface Opened {
  readonly dispatcher: RequestDispatcher
  /** Returns and clears the error of the last broken socket, because undici drops TLS alerts. */
  readonly takeAlert: () => Error | undefined
  /**
   * Adds the certificate at fault to a failure of trust. It is found with another connection, over which no data is
   * sent.
   */
  readonly explain: (failure: TransportError, patience: number) => Effect.Effect<TransportError>
}

/** Opens nothing yet: the first request connects. */
export const open = (
  options: Options,
  route: Proxy.Choice,
  { maxSockets, timeout }: Pick<Sockets, "maxSockets" | "timeout">
): Effect.Effect<Opened> =>
  Effect.map(SecureContexts, (secureContexts) => {
    let alert: Error | undefined
    const onSocketError = (error: Error) => {
      alert = error
    }
    return {
      dispatcher: makeDispatcher(options, route, { maxSockets, timeout, onSocketError }, secureContexts),
      takeAlert: () => {
        const last = alert
        alert = undefined
        return last
      },
      explain: explaining(options, route, secureContexts)
    }
  })

export const routeOf = ({ baseUrl, proxy = true }: Options): Proxy.Choice => {
  if (proxy === false) return { _tag: "Direct", reason: switchedOff }
  if (proxy === true) return Proxy.choose(baseUrl)
  const parsed = Proxy.parse(proxy)
  const source = "the proxy option"
  return typeof parsed === "string"
    ? { _tag: "Invalid", source, problem: parsed }
    : { _tag: "Proxied", source, proxy: parsed }
}

interface Sockets {
  readonly maxSockets: number
  readonly timeout: number
  readonly onSocketError: (error: Error) => void
}

const makeDispatcher = (
  options: Options,
  route: Proxy.Choice,
  sockets: Sockets,
  secureContexts: SecureContexts
): Dispatcher => {
  const { baseUrl } = options
  const client = {
    connections: sockets.maxSockets,
    pipelining: 1,
    // HTTP/1.1 only, because truncation is detected from its framing.
    allowH2: false,
    // The transport has its own, more exact timers.
    headersTimeout: 0,
    bodyTimeout: 0
  }
  const unusable = (failure: ConnectFailure) =>
    new Pool(baseUrl.origin, { ...client, connect: (_, callback) => callback(failure, null) })
  if (route._tag === "Invalid") {
    const answer = `${route.source} names no usable proxy: ${route.problem}`
    return unusable(new ConnectFailure("settings", { answer }))
  }
  const proxy = route._tag === "Proxied" ? route.proxy : undefined
  try {
    const isHttps = baseUrl.protocol === "https:"
    const connecting: Connector.Options = {
      tls: Tls.connectOptions(options, isHttps ? secureContexts.get(options) : undefined),
      // The client certificate is for PrivX, not for the proxy.
      proxyTls: Tls.connectOptions({}, proxy?.scheme === "https" ? secureContexts.get(trustOf(options)) : undefined),
      proxy,
      timeout: sockets.timeout,
      onSocketError: sockets.onSocketError
    }
    if (isHttps || proxy === undefined || proxy.scheme.startsWith("socks")) {
      return new Pool(baseUrl.origin, { ...client, connect: Connector.make(connecting) })
    }
    const forwarder = new Pool(Connector.proxyUrl(proxy), { ...client, connect: Connector.toProxy(proxy, connecting) })
    return forwarder.compose(forwarding(baseUrl, proxy))
  } catch (cause) {
    return unusable(new ConnectFailure("settings", { cause }))
  }
}

const trustOf = ({ ca, onlyCa }: Options): Tls.Options => ({ ca, onlyCa })

/** Plain http goes to the proxy with the whole URL as its path (RFC 9112, 3.2.2). */
const forwarding =
  (baseUrl: URL, proxy: Proxy.Proxy): Dispatcher.DispatcherComposeInterceptor =>
  (dispatch) => {
    const added = { host: baseUrl.host, ...Connector.authorization(proxy) }
    return (request, handler) => {
      // The transport passes its headers as a record.
      const headers = { ...(request.headers as Record<string, string>), ...added }
      const origin = Connector.proxyUrl(proxy)
      const judged = new HeadListener(handler, (status) =>
        status === 407 ? new ConnectFailure("proxy", { proxy, answer: "407" }) : undefined
      )
      return dispatch({ ...request, origin, path: baseUrl.origin + request.path, headers }, judged)
    }
  }

const explaining = (options: Options, route: Proxy.Choice, secureContexts: SecureContexts): Opened["explain"] => {
  let asked = false
  return (failure, patience) => {
    const isOfTrust = failure.reason === "tls" && failure.code !== Tls.pinMismatch
    // A server that closes the connection right after the handshake may have sent a reason: under TLS 1.3 a missing
    // client certificate is rejected only then.
    const isSilent = failure.reason === "reset" && !asked
    const isTls = options.baseUrl.protocol === "https:" && failure.origin === options.baseUrl.origin
    if (!isTls || failure.proxy !== undefined || !(isOfTrust || isSilent) || route._tag === "Invalid") {
      return Effect.succeed(failure)
    }
    asked = asked || isSilent
    const proxy = route._tag === "Proxied" ? route.proxy : undefined
    const timeout = Math.min(5000, patience)
    return Effect.map(
      Effect.promise(() =>
        CertificateDiagnosis.examineWith(secureContexts, { ...options, url: options.baseUrl, proxy, timeout })
      ),
      (diagnosis) => {
        if (diagnosis._tag !== "Distrusted" || diagnosis.problem === "") return failure
        return new TransportError({
          operation: failure.operation,
          origin: failure.origin,
          reason: "tls",
          detail: diagnosis.problem,
          code: diagnosis.code,
          ...(diagnosis.advice === "" ? undefined : { advice: diagnosis.advice })
        })
      }
    )
  }
}

let warned = false

/** Node obeys this variable. This transport does not, and warns once. */
export const warnOfEnvironment = (): void => {
  if (warned || process.env["NODE_TLS_REJECT_UNAUTHORIZED"] !== "0") return
  warned = true
  process.emitWarning(
    "NODE_TLS_REJECT_UNAUTHORIZED=0 has no effect here: certificates are always verified. Trust the CA of the server instead.",
    { code: "PRIVX_KIT_TLS_VERIFIED" }
  )
}
