/**
 * Detects a running script without its privx-kit process, even if that was killed before it had recorded the process
 * group.
 */
import { assert, describe, it } from "@effect/vitest"
import * as temporary from "@privx-kit/testing/temporary"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { spawn, spawnSync } from "node:child_process"
import { once } from "node:events"
import * as fs from "node:fs"
import * as path from "node:path"
import * as OrphanedScripts from "../../src/setup/OrphanedScripts.ts"
import * as ScriptExecution from "../../src/setup/ScriptExecution.ts"

const runId = "0c9f4e0e-5c3b-4c4e-9f0a-6c6f5f1d2a10"

/** The id of a process that has ended. */
const ended = () => spawnSync(process.execPath, ["--version"]).pid

/** A running script, with the record that a killed privx-kit process left. */
const orphan = Effect.fnUntraced(function* () {
  const dataDirectory = yield* temporary.directory
  const directory = path.join(dataDirectory, "executions", runId)
  fs.mkdirSync(directory, { recursive: true })
  const script = path.join(directory, "1.sh")
  fs.writeFileSync(script, "#!/bin/sh\necho started\nwhile :; do sleep 1; done\n", { mode: 0o700 })
  const child = yield* Effect.acquireRelease(
    Effect.sync(() => spawn(script, [], { detached: true, stdio: ["ignore", "pipe", "ignore"] })),
    ({ pid }) => Effect.sync(() => pid !== undefined && process.kill(-pid, "SIGKILL"))
  )
  yield* Effect.promise(() => once(child.stdout, "data"))
  const group = child.pid ?? 0
  const startedAt = yield* DateTime.now
  const record = (known: Partial<ScriptExecution.Record> = {}) => {
    const json = Schema.encodeSync(Schema.fromJsonString(Schema.toCodecJson(ScriptExecution.Record)))({
      number: 1,
      startedAt,
      pid: ended(),
      endedAt: null,
      exitCode: null,
      signal: null,
      timedOut: false,
      log: path.join(directory, "1.log"),
      ...known
    })
    fs.writeFileSync(path.join(directory, "1.json"), json)
  }
  const groups = Effect.map(OrphanedScripts.find(dataDirectory), (found) => found.map((one) => one.group))
  return { dataDirectory, group, groups, record, startedAt }
})

describe("OrphanedScripts", () => {
  it.live("finds it by its process group, and by what is executed where no group was recorded", () =>
    Effect.gen(function* () {
      const { group, groups, record } = yield* orphan()
      record({ group })
      assert.deepStrictEqual(yield* groups, [group])
      record()
      assert.deepStrictEqual(yield* groups, [group])
    })
  )

  it.live("finds none whose privx-kit is alive, which has ended, or whose number another process has now", () =>
    Effect.gen(function* () {
      const { group, groups, record, startedAt } = yield* orphan()
      record({ pid: process.pid })
      assert.deepStrictEqual(yield* groups, [])
      record({ group, endedAt: startedAt })
      assert.deepStrictEqual(yield* groups, [])
      record({ group: ended() })
      assert.deepStrictEqual(yield* groups, [])
      if (process.platform !== "linux") return
      record({ group, startedAt: DateTime.subtract(startedAt, { hours: 1 }) })
      assert.deepStrictEqual(yield* groups, [])
    })
  )
})
