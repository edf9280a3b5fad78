/**
 * The web page under `/`. It is the same for all users and needs no sign-in: it loads its data from the API, with the
 * token or the session of its user.
 */
import * as Effect from "effect/Effect"
import * as HttpRouter from "effect/http/HttpRouter"
import * as HttpServerRequest from "effect/http/HttpServerRequest"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as DashboardFiles from "./DashboardFiles.ts"

/** No inline code, no other origins, no framing, and no text that becomes markup. */
const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'"
].join("; ")

const headers = {
  "content-security-policy": contentSecurityPolicy,
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin"
}

/** Paths that the page itself interprets; for the server they are one page. `/runs/*` is the same as `/runs`. */
const pages = ["/", "/runs/*", "/fleets/*", "/ueba", "/playback", "/domains/*"] as const

/** The name of a page path in the metrics; `undefined` for other paths. */
export const routeOf = (path: string): string | undefined =>
  path.startsWith("/assets/") || path.startsWith("/views/") || path === "/icon.svg"
    ? "/assets/*"
    : pages.some((page) => path === page || (`${path}/`.startsWith(page.replace("*", "")) && page !== "/"))
      ? "/"
      : undefined

const answer = (file: DashboardFiles.DashboardFile) => {
  // The names of built files change with their content; the page itself names them.
  const cache = file.url.startsWith("/assets/") ? "public, max-age=31536000, immutable" : "no-cache"
  const own = { ...headers, "cache-control": cache, vary: "accept-encoding" }
  const { contentType } = file
  const plain = HttpServerResponse.uint8Array(file.bytes, { contentType, headers: own })
  const gzipped = HttpServerResponse.uint8Array(file.gzipped, {
    contentType,
    headers: { ...own, "content-encoding": "gzip" }
  })
  return Effect.map(HttpServerRequest.HttpServerRequest, (request) =>
    /\bgzip\b/.test(request.headers["accept-encoding"] ?? "") ? gzipped : plain
  )
}

/** The module of a view that a domain adds. */
export const script = (text: string) =>
  Effect.succeed(
    HttpServerResponse.text(text, {
      contentType: "text/javascript; charset=utf-8",
      headers: { ...headers, "cache-control": "no-cache" }
    })
  )

export const layer = HttpRouter.use((router) =>
  Effect.gen(function* () {
    for (const file of yield* DashboardFiles.read) {
      if (file.url !== "/index.html") yield* router.add("GET", file.url as `/${string}`, answer(file))
      else for (const page of pages) yield* router.add("GET", page, answer(file))
    }
  })
)
