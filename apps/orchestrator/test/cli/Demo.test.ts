import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as path from "node:path"
import * as Picture from "../../scripts/picture.ts"
import * as cli from "../support/cli.ts"
import * as temporary from "@privx-kit/testing/temporary"

describe("privx-kit demo", () => {
  it.live("carries everything through: a failure that is retried, one that is final, files, and what to do next", () =>
    Effect.gen(function* () {
      const home = yield* temporary.directory
      const ended = yield* cli.run(["demo"], { env: { TMPDIR: home } })
      assert.strictEqual(ended.code, 0, ended.stdout + ended.stderr)
      assert.strictEqual(ended.stderr, "")
      assert.match(ended.stdout, /↻ attempt 1 failed, retrying in 1\.\d s: PrivX answered 503 MAX_LOAD/)
      assert.match(ended.stdout, /✗ Playback\.reauthenticate failed: PrivX answered 403 PERMISSION_DENIED/)
      assert.include(ended.stdout, `Effect.catchTag("PermissionDenied", …)`)
      const made = temporary.filesBelow(home)
      assert.isTrue(made.some((file) => file.includes(`${path.sep}delivered${path.sep}`)))
      assert.include(ended.stdout, "privx-kit simulate --tls")

      const said = "what the README shows differs from what the demo prints: pnpm --filter privx-kit picture"
      assert.strictEqual(Picture.lasting(Picture.quoted()), Picture.lasting(ended.stdout), said)
      assert.strictEqual(Picture.lasting(Picture.pictured()), Picture.lasting(ended.stdout), said)
    })
  )
})
