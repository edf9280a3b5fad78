/**
 * Waits on the loopback interface for the redirect that ends a login in a browser (RFC 8252, 7.3). It listens only on
 * 127.0.0.1, serves one path, shows nothing that it receives, and closes after the first redirect.
 */
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Scope from "effect/Scope"
import * as http from "node:http"
import type { AddressInfo } from "node:net"

export interface Options<A, E> {
  /** Path of the redirect URI. */
  readonly path: string
  /** 0 for any free port. */
  readonly port: number
  /** Checks the query of the redirect; the page in the browser shows only whether it was accepted. */
  readonly judge: (query: URLSearchParams) => Exit.Exit<A, E>
}

export interface Listener<A, E> {
  readonly redirectUri: string
  readonly redirected: Effect.Effect<A, E>
}

const host = "127.0.0.1"

/** Fails with the system's code, e.g. `EADDRINUSE`, if the port is not available. */
export const listen = <A, E>(options: Options<A, E>): Effect.Effect<Listener<A, E>, string, Scope.Scope> => {
  const redirected = Deferred.makeUnsafe<A, E>()
  const server = http.createServer({ maxHeaderSize: 32 * 1024, requestTimeout: 10_000 }, (request, response) => {
    const url = URL.canParse(request.url ?? "", `http://${host}`)
      ? new URL(request.url ?? "", `http://${host}`)
      : undefined
    if (url?.pathname !== options.path) return reply(response, 404, "This page does not exist.")
    if (request.method !== "GET") return reply(response, 405, "This page only accepts the redirect of a login.")
    // A person opened the address, or a browser prefetched it: this does not end the login.
    if (url.search === "") return reply(response, 400, "Log in first: the login ends on this page.")
    const verdict = options.judge(url.searchParams)
    // The page is sent before the program continues, because the program may exit.
    response.once("close", () => Deferred.doneUnsafe(redirected, verdict))
    return Exit.isSuccess(verdict)
      ? reply(response, 200, "You are logged in. You can close this page.")
      : reply(
          response,
          400,
          "The login failed. The reason is shown in the window of the program that started the login."
        )
  })

  return Effect.map(
    Effect.acquireRelease(start(server, options.port), () => stop(server)),
    (port) => ({ redirectUri: `http://${host}:${port}${options.path}`, redirected: Deferred.await(redirected) })
  )
}

const start = (server: http.Server, port: number): Effect.Effect<number, string> =>
  Effect.callback((resume) => {
    server.on("error", (cause: NodeJS.ErrnoException) => resume(Effect.fail(cause.code ?? cause.name)))
    server.listen(port, host, () => resume(Effect.succeed((server.address() as AddressInfo).port)))
  })

const stop = (server: http.Server): Effect.Effect<void> =>
  Effect.callback((resume) => {
    server.close(() => resume(Effect.void))
    server.closeAllConnections()
  })

/** The query of this page is a secret: the page is not cached, and its address is not sent as a referrer. */
const reply = (response: http.ServerResponse, status: number, text: string): void => {
  const page = `<!doctype html><meta charset="utf-8"><title>privx-kit</title><p>${text}</p>`
  response.writeHead(status, {
    "Content-Type": "text/html; charset=utf-8",
    "Content-Length": Buffer.byteLength(page),
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    Connection: "close"
  })
  response.end(page)
}
