import { assert, describe, it } from "@effect/vitest"
import * as ProvenanceFiles from "@privx-kit/artifacts/ProvenanceFiles"
import * as SigningKey from "@privx-kit/artifacts/SigningKey"
import { databaseFile } from "@privx-kit/runs/SqliteStorage"
import * as Effect from "effect/Effect"
import * as fs from "node:fs"
import { spawn } from "node:child_process"
import * as path from "node:path"
import * as cli from "../../support/cli.ts"
import * as inProcess from "../../support/inProcess.ts"
import * as temporary from "@privx-kit/testing/temporary"
import * as privx from "../../support/privx.ts"
import { place, session, setup } from "../../support/setups.ts"

/** A data directory with one succeeded run, and the functions to use it. */
const used = Effect.gen(function* () {
  const simulator = yield* privx.start()
  const { dataDir, output } = yield* place
  const result = yield* session(simulator, dataDir, setup(simulator, { output }))
  const run = (...args: ReadonlyArray<string>) => inProcess.run([...args, "--data-dir", dataDir])
  return { dataDir, result, run, simulator }
})

const remove = (dataDir: string) =>
  Effect.sync(() => {
    for (const ending of ["", "-wal", "-shm"]) fs.rmSync(databaseFile(dataDir) + ending, { force: true })
  })

describe("a data directory whose database is gone", () => {
  it.live("is not taken for a new one, whether the file is missing or empty", () =>
    Effect.gen(function* () {
      const { dataDir, result, run, simulator } = yield* used
      for (const empty of [false, true]) {
        yield* remove(dataDir)
        if (empty) fs.writeFileSync(databaseFile(dataDir), "")
        for (const args of [
          ["runs", "list"],
          ["runs", "show", result.runId],
          ["artifacts", "diff", result.sha256],
          ["artifacts", "prune", "--keep", "0"]
        ]) {
          const { code, stderr } = yield* run(...args)
          assert.strictEqual(code, 14, args.join(" "))
          assert.include(stderr, "runs reindex", args.join(" "))
        }
        const failure = yield* Effect.flip(session(simulator, dataDir, setup(simulator)))
        assert.deepInclude(failure, { _tag: "DataDirectoryUnusable", reason: "noRecord" })
      }
      assert.isTrue(fs.existsSync(result.artifact))
    })
  )

  it.live("gets its runs and baselines back from the manifests with runs reindex", () =>
    Effect.gen(function* () {
      const { dataDir, result, run, simulator } = yield* used
      const before = cli.json(yield* run("runs", "show", result.runId, "--json")).result
      yield* remove(dataDir)
      const reindexed = yield* run("runs", "reindex", "--json")
      assert.deepStrictEqual(cli.json(reindexed).result, { added: [result.runId], known: 0, refused: [] })
      const after = cli.json(yield* run("runs", "show", result.runId, "--json")).result
      for (const key of ["target", "status", "sha256", "result", "inputs", "kind"]) {
        assert.deepStrictEqual(Object(after)[key], Object(before)[key], key)
      }
      assert.deepStrictEqual(cli.json(yield* run("runs", "reindex", "--json")).result, {
        added: [],
        known: 1,
        refused: []
      })
      const next = yield* session(simulator, dataDir, setup(simulator, { fresh: true }))
      assert.strictEqual(next.review.change, "unchanged")
    })
  )

  it.live("does not get back what no attestation vouches for", () =>
    Effect.gen(function* () {
      const { dataDir, result, run } = yield* used
      const kept = ProvenanceFiles.kept(dataDir, result.runId)
      const genuine = fs.readFileSync(kept.manifest, "utf8")
      const attestation = fs.readFileSync(kept.attestation)
      const refusal = Effect.gen(function* () {
        yield* remove(dataDir)
        const { code, stdout } = yield* run("runs", "reindex", "--json")
        assert.strictEqual(code, 22, stdout)
        const { added, refused } = JSON.parse(stdout).result
        assert.deepStrictEqual(added, [])
        assert.deepStrictEqual(
          refused.map(({ manifest }: { manifest: string }) => manifest),
          [kept.manifest]
        )
        return refused[0].reason
      })
      fs.writeFileSync(kept.manifest, genuine.replaceAll(result.sha256, "0".repeat(64)))
      assert.match(yield* refusal, /^the attestation is about /)
      const approved = { ...JSON.parse(genuine), target: "https://other.example.com" }
      fs.writeFileSync(kept.manifest, JSON.stringify(approved))
      assert.strictEqual(yield* refusal, "the manifest was changed after it was signed: target")
      fs.writeFileSync(kept.manifest, genuine)
      fs.rmSync(kept.attestation)
      assert.strictEqual(yield* refusal, "no attestation exists, so nothing proves the manifest")

      // Signed by another key, which is next to the manifest.
      fs.writeFileSync(kept.attestation, attestation)
      const own = SigningKey.publicFile(dataDir)
      const signer = path.join(yield* temporary.directory, "signer.pem")
      fs.renameSync(own, signer)
      assert.match(yield* refusal, /^there is no public key to verify it/)
      const person = yield* run("runs", "reindex")
      assert.include(person.stdout, "specify its public key with --key")
      yield* remove(dataDir)
      const { code, stdout } = yield* run("runs", "reindex", "--key", signer, "--json")
      assert.strictEqual(code, 0, stdout)
      assert.deepStrictEqual(JSON.parse(stdout).result.added, [result.runId])
    })
  )
})

describe("a file in the place of the data directory", () => {
  it.live("is no data directory without runs", () =>
    Effect.gen(function* () {
      const file = path.join(yield* temporary.directory, "file")
      fs.writeFileSync(file, "")
      for (const dataDir of [file, path.join(file, "below")]) {
        for (const command of [
          ["runs", "list"],
          ["artifacts", "list"],
          ["runs", "show", "1f0c"]
        ]) {
          const { code, stderr } = yield* inProcess.run([...command, "--data-dir", dataDir])
          assert.strictEqual(code, 14, `${command.join(" ")}: ${stderr}`)
          assert.include(stderr, "ENOTDIR")
        }
      }
    })
  )
})

describe("a database that another program has locked", () => {
  it.live("is busy, and the message says who has locked it", () =>
    Effect.gen(function* () {
      const { dataDir, run } = yield* used
      // SQLite does not see locks of the same process, so another process must hold it.
      const holder = yield* Effect.acquireRelease(
        Effect.callback<ReturnType<typeof start>>((resume) => {
          const child = start(databaseFile(dataDir))
          child.stdout.once("data", () => resume(Effect.succeed(child)))
        }),
        (child) => Effect.sync(() => child.kill("SIGKILL"))
      )
      for (const command of [
        ["runs", "list"],
        ["artifacts", "prune", "--keep=1"],
        ["runs", "prune", "--keep=1"]
      ]) {
        const { code, stderr } = yield* run(...command)
        assert.strictEqual(code, 15, stderr)
        assert.include(stderr, `process ${holder.pid}`)
      }
    })
  )
})

const start = (file: string) =>
  spawn(
    process.execPath,
    [
      "-e",
      `const database = new (require("node:sqlite").DatabaseSync)(process.argv[1])
       database.exec("PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE")
       console.log("locked")
       setInterval(() => {}, 1000)`,
      file
    ],
    { stdio: ["ignore", "pipe", "inherit"] }
  )
