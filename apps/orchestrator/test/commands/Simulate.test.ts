import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as fs from "node:fs"
import * as path from "node:path"
import * as cli from "../support/cli.ts"
import * as temporary from "../support/temporary.ts"

describe("privx-kit simulate", () => {
  it.live(
    "prints what is needed to use it, serves until it is interrupted, and shows each request without its secrets",
    () =>
      Effect.gen(function* () {
        const home = yield* temporary.folder
        const caFile = path.join(home, "ca.pem")
        let environment: Record<string, string> = {}
        const used = Effect.gen(function* () {
          yield* Effect.sync(() => fs.existsSync(caFile)).pipe(
            Effect.delay("20 millis"),
            Effect.repeat({ until: (there) => there })
          )
          environment = yield* Effect.sync(() => exported(printed())).pipe(
            Effect.delay("20 millis"),
            Effect.repeat({ until: (all) => "PRIVX_PLAYBACK_SESSION_ID" in all })
          )
          const env = { HOME: home, ...environment }
          const doctor = yield* cli.run(["doctor"], { env })
          assert.strictEqual(doctor.code, 0, doctor.stdout)
          const playback = yield* cli.run(["playback", "reauthenticate"], { env })
          assert.strictEqual(playback.code, 0, playback.stderr)
          assert.notInclude(playback.stdout + playback.stderr, environment["PRIVX_PLAYBACK_SESSION_ID"] ?? "?")
        })
        let printed = () => ""
        const ended = yield* cli.run(
          ["simulate", "--tls", "--ca-out", caFile, "--fault", "reauthenticate:503/MAX_LOAD*1"],
          {
            onStart: (stdout) => {
              printed = stdout
            },
            interrupt: { signal: "SIGINT", when: used }
          }
        )
        assert.strictEqual(ended.code, 130)
        assert.match(ended.stderr, /503 POST Playback\.reauthenticate fault Error/)
        assert.match(ended.stderr, /200 POST Playback\.reauthenticate/)
        assert.notInclude(ended.stderr, environment["PRIVX_PLAYBACK_SESSION_ID"] ?? "?")
      })
  )

  it.live("takes its temporary CA file with it", () =>
    Effect.gen(function* () {
      const home = yield* temporary.folder
      let printed = () => ""
      const up = Effect.sync(() => printed()).pipe(
        Effect.delay("20 millis"),
        Effect.repeat({ until: (text) => text.endsWith("}\n") })
      )
      const ended = yield* cli.run(["simulate", "--tls", "--json"], {
        env: { TMPDIR: home },
        onStart: (stdout) => {
          printed = stdout
        },
        interrupt: { signal: "SIGTERM", when: up }
      })
      assert.strictEqual(ended.code, 143)
      const { caFile } = JSON.parse(ended.stdout).result
      assert.isTrue(String(caFile).startsWith(home))
      assert.deepStrictEqual(temporary.filesBelow(home), [])
    })
  )
})

const exported = (text: string): Record<string, string> =>
  Object.fromEntries([...text.matchAll(/^ {2}export (\w+)=(.*)$/gm)].map(([, name = "", value = ""]) => [name, value]))
