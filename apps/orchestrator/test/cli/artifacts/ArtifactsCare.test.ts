/** `privx-kit artifacts …` on a data directory with real runs. */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"
import * as crypto from "node:crypto"
import * as fs from "node:fs"
import * as path from "node:path"
import { DatabaseSync } from "node:sqlite"
import { ArtifactStore } from "@privx-kit/artifacts/ArtifactStore"
import { DataDirectory } from "@privx-kit/durable/DataDirectory"
import * as SqliteStorage from "@privx-kit/runs/SqliteStorage"
import * as cli from "../../support/cli.ts"
import * as inProcess from "../../support/inProcess.ts"
import * as temporary from "@privx-kit/testing/temporary"

/** A data directory with one artifact per day, the last one now. */
const stocked = Effect.fnUntraced(function* (count: number) {
  const directory = path.join(yield* temporary.directory, "data")
  const stored = yield* Effect.flatMap(ArtifactStore, (store) =>
    Effect.forEach(Array.from({ length: count }), (_, index) =>
      Effect.map(store.store(Stream.make(crypto.randomBytes(1000 + index))), (artifact) => {
        const at = Date.now() / 1000 - (count - 1 - index) * 86_400
        fs.utimesSync(artifact.path, at, at)
        return artifact
      })
    )
  ).pipe(Effect.provide(Layer.provide(ArtifactStore.layer, DataDirectory.layer(directory))))
  return { directory, stored, digests: stored.map(({ sha256 }) => sha256) }
})

const run = Effect.fnUntraced(function* (directory: string, ...args: ReadonlyArray<string>) {
  const ended = yield* inProcess.run(["artifacts", ...args, "--json", "--data-dir", directory])
  return { code: ended.code, ...cli.json(ended) }
})

const left = (directory: string) =>
  temporary.filesBelow(path.join(directory, "artifacts", "sha256")).map((file) => path.basename(file))

describe("privx-kit artifacts", () => {
  it.live("lists, shows and exports by the beginning of a digest while another process holds the directory", () =>
    Effect.gen(function* () {
      const { digests, directory, stored } = yield* stocked(3)
      yield* Layer.build(DataDirectory.layer(directory))
      const { result } = yield* run(directory, "list")
      assert.deepStrictEqual(
        (result as ReadonlyArray<{ readonly sha256: string }>).map(({ sha256 }) => sha256),
        digests.toReversed()
      )
      const [first] = stored
      const beginning = first?.sha256.slice(0, 10) ?? ""
      const shown = yield* run(directory, "show", beginning)
      assert.deepInclude(shown.result, { sha256: first?.sha256, bytes: 1000, intact: true, exposed: false })

      const target = path.join(directory, "..", "copy.sh")
      assert.strictEqual((yield* run(directory, "export", beginning, target, "--mode", "0640")).code, 0)
      assert.strictEqual(crypto.hash("sha256", fs.readFileSync(target), "hex"), first?.sha256)
      assert.strictEqual(temporary.modeOf(target), "640")
      const again = yield* run(directory, "export", beginning, target)
      assert.include(String(again.error?.["message"]), "--force")

      const unknown = yield* run(directory, "show", "0000000000")
      assert.deepInclude(unknown.error, { tag: "ArtifactNotFound", exitCode: 23 })
      assert.strictEqual((yield* run(directory, "fsck")).code, 0)
    })
  )

  it.live("fsck finds what has changed, moves it away, closes what was open, and is content afterwards", () =>
    Effect.gen(function* () {
      const { digests, directory, stored } = yield* stocked(3)
      const [changed, open] = stored
      assert(changed !== undefined && open !== undefined)
      fs.writeFileSync(changed.path, crypto.randomBytes(changed.bytes))
      fs.chmodSync(open.path, 0o644)
      const { code, result } = yield* run(directory, "fsck")
      assert.strictEqual(code, 22)
      const report = result as {
        readonly damaged: ReadonlyArray<{ readonly sha256: string; readonly quarantined: string }>
        readonly exposed: ReadonlyArray<unknown>
      }
      assert.deepStrictEqual(report.exposed, [{ path: open.path, mode: "0644", repaired: true }])
      assert.deepStrictEqual(
        report.damaged.map(({ sha256 }) => sha256),
        [changed.sha256]
      )
      assert.isTrue(fs.existsSync(report.damaged[0]?.quarantined ?? ""))
      assert.sameMembers(left(directory), digests.slice(1))
      assert.strictEqual((yield* run(directory, "fsck")).code, 0)
    })
  )

  it.live("fsck moves nothing under the hands of another process, and says so", () =>
    Effect.gen(function* () {
      const { directory, stored } = yield* stocked(1)
      yield* Layer.build(DataDirectory.layer(directory))
      fs.appendFileSync(stored[0]?.path ?? "", "x")
      const { code, result } = yield* run(directory, "fsck")
      assert.strictEqual(code, 22)
      assert.include(JSON.stringify(result), "not moved")
      assert.strictEqual(left(directory).length, 1)
    })
  )

  it.live("prune removes by age and number, has a dry run, and requires a limit", () =>
    Effect.gen(function* () {
      const { digests, directory } = yield* stocked(5)
      assert.strictEqual((yield* run(directory, "prune")).code, 2)
      assert.strictEqual((yield* run(directory, "prune", "--keep", "1", "--dry-run")).code, 0)
      assert.strictEqual(left(directory).length, 5)
      yield* run(directory, "prune", "--older-than", "60h", "--keep", "1")
      assert.sameMembers(left(directory), digests.slice(2))
      yield* run(directory, "prune", "--keep", "1")
      assert.sameMembers(left(directory), digests.slice(4))
    })
  )

  it.live(
    "prune keeps what an unfinished run may need, baselines and approved scripts, and does not wait for a lock",
    () =>
      Effect.gen(function* () {
        const { digests, directory } = yield* stocked(5)
        const [baseline, pinned] = digests
        yield* Effect.scoped(Layer.build(Layer.provide(SqliteStorage.layer, DataDirectory.layer(directory))))
        const database = new DatabaseSync(SqliteStorage.databaseFile(directory))
        database
          .prepare(
            "INSERT INTO approvals (target, sha256, position, approved_at, run_id) VALUES ('https://privx', ?, 1, 0, 'old')"
          )
          .run(baseline ?? "")
        // Started a day and a half ago; the last two artifacts are newer.
        database
          .prepare(
            "INSERT INTO runs (id, kind, target, inputs, status, created_at) VALUES ('r', 'k', 't', ?, 'waiting', ?)"
          )
          .run(JSON.stringify({ sha256: pinned }), Date.now() - 1.5 * 86_400_000)
        database.close()
        const { code, result } = yield* run(directory, "prune", "--keep", "0")
        assert.strictEqual(code, 0)
        assert.sameMembers(left(directory), [digests[0], digests[1], digests[3], digests[4]])
        const { kept } = result as {
          readonly kept: ReadonlyArray<{ readonly sha256: string; readonly reason: string }>
        }
        assert.strictEqual(kept.find(({ sha256 }) => sha256 === baseline)?.reason, "baseline")

        yield* Layer.build(DataDirectory.layer(directory))
        assert.deepInclude((yield* run(directory, "prune", "--keep", "0")).error, { tag: "DataDirectoryBusy" })
      })
  )
})
