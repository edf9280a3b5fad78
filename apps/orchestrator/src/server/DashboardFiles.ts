/**
 * The files of the web page, read and compressed once. `apps/dashboard` builds them, and the package contains them.
 */
import * as Effect from "effect/Effect"
import * as fs from "node:fs"
import * as path from "node:path"
import { promisify } from "node:util"
import * as zlib from "node:zlib"

export interface DashboardFile {
  /** Relative to the root of the server: `/assets/index-1f0c.js`. */
  readonly url: string
  readonly contentType: string
  readonly bytes: Uint8Array
  readonly gzipped: Uint8Array
}

const contentTypes: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml"
}

/** The locations in the bundle, in the published modules, and in a checkout with a built dashboard. */
const candidates = (here: string): ReadonlyArray<string> => [
  path.join(here, "dashboard"),
  ...(path.basename(path.dirname(here)) === "src" ? [path.join(here, "../../../dashboard/dist")] : []),
  path.join(here, "../../dist/dashboard")
]

/** The directory of the page; `undefined` if it was not built. */
export const directory = (here: string = import.meta.dirname): string | undefined =>
  candidates(here).find((directory) => fs.existsSync(path.join(directory, "index.html")))

const gzip = promisify(zlib.gzip)

/** All files of the page; empty if it was not built. */
export const read: Effect.Effect<ReadonlyArray<DashboardFile>> = Effect.promise(async () => {
  const root = directory()
  if (root === undefined) return []
  const names = fs
    .readdirSync(root, { recursive: true, encoding: "utf8" })
    .map((name) => name.replaceAll(path.sep, "/"))
  return Promise.all(
    names.flatMap((name) => {
      const contentType = contentTypes[path.extname(name)]
      return contentType === undefined
        ? []
        : [
            fs.promises.readFile(path.join(root, name)).then(async (bytes) => ({
              url: `/${name}`,
              contentType,
              bytes,
              gzipped: await gzip(bytes, { level: 9 })
            }))
          ]
    })
  )
})
