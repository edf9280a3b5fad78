import { assert, describe, it } from "@effect/vitest"
import { Connection } from "@privx-kit/http/Connection"
import * as Effect from "effect/Effect"
import { readFileSync } from "node:fs"

describe("Connection", () => {
  it.effect("sends the version of the package in its User-Agent", () =>
    Effect.gen(function* () {
      const manifest = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")) as {
        readonly version: string
      }
      const connection = yield* Connection
      assert.strictEqual(connection.userAgent, `privx-kit/${manifest.version}`)
    }).pipe(Effect.provide(Connection.layer({ baseUrl: new URL("https://privx.example") })))
  )

  it.effect("keeps credentials in a base URL out of what it shows", () =>
    Effect.gen(function* () {
      const connection = yield* Connection
      assert.strictEqual(connection.origin, "https://privx.example:8443")
      assert.strictEqual(connection.pathPrefix, "/prefix")
    }).pipe(Effect.provide(Connection.layer({ baseUrl: new URL("https://user:secret@privx.example:8443/prefix/") })))
  )
})
