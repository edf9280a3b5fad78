import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as crypto from "node:crypto"
import * as fs from "node:fs"
import * as path from "node:path"
import type * as cli from "../support/cli.ts"
import * as served from "../support/served.ts"
import { eventually } from "@privx-kit/testing/eventually"

type Server = Effect.Success<ReturnType<typeof served.start>>

/** The command line on another machine, with a server and a token and nothing else. */
const at =
  (server: Server, as: string, env: Readonly<Record<string, string>> = {}) =>
  (...args: ReadonlyArray<string>) =>
    served.cli({ PRIVX_KIT_SERVER: server.url.origin, PRIVX_KIT_SERVER_TOKEN: server.tokenOf(as), ...env }, ...args)

const result = (ended: cli.Ended) => {
  assert.strictEqual(ended.code, 0, ended.stderr)
  return JSON.parse(ended.stdout).result
}

describe("the command line with a server", () => {
  it.live("sets up, brings script and provenance here, and shows the run", () =>
    Effect.gen(function* () {
      const server = yield* served.start()
      const output = path.join(path.dirname(server.dataDir), "here")
      const set = result(yield* at(server, "operator")("ueba", "setup", "--output", output, "--json"))
      const script = fs.readFileSync(path.join(output, "privx-ueba-setup.sh"))
      assert.strictEqual(crypto.hash("sha256", script, "hex"), server.simulator.scriptSha256)
      assert.strictEqual(set.delivered, path.join(output, "privx-ueba-setup.sh"))
      assert.deepStrictEqual(fs.readdirSync(output).sort(), [
        "privx-ueba-setup.intoto.jsonl",
        "privx-ueba-setup.manifest.json",
        "privx-ueba-setup.pub.pem",
        "privx-ueba-setup.sh"
      ])
      const verify = ["verify", path.join(output, "privx-ueba-setup.sh"), "--json"]
      const key = path.join(server.dataDir, "keys", "attestation.pub.pem")
      const verified = yield* served.cli({}, ...verify, "--key", key, "--run", set.runId)
      assert.strictEqual(verified.code, 0, verified.stdout + verified.stderr)
      const unproven = yield* served.cli({}, ...verify)
      assert.strictEqual(unproven.code, 22, "the key that came with the script proves nothing")

      const viewer = at(server, "viewer")
      const shown = result(yield* viewer("runs", "show", set.runId.slice(0, 8), "--json"))
      assert.strictEqual(shown.status, "succeeded")
      assert.notProperty(shown, "requestedBy")
      const listed = result(yield* viewer("runs", "list", "--status", "succeeded", "--since", "1h", "--json"))
      assert.deepStrictEqual(
        listed.runs.map((run: { readonly id: string }) => run.id),
        [set.runId]
      )
    })
  )

  it.live("has the exit codes that the same run has here", () =>
    Effect.gen(function* () {
      const server = yield* served.start({ simulator: { faults: ["createSession:403/PERMISSION_DENIED*1"] } })
      const operator = at(server, "operator")
      const failed = yield* operator("ueba", "setup", "--json")
      assert.strictEqual(failed.code, 8, failed.stderr)
      const { error } = JSON.parse(failed.stdout)
      assert.strictEqual(error.tag, "PermissionDenied")
      assert.strictEqual((yield* operator("runs", "watch", error.runId)).code, 8)
      const again = yield* operator("runs", "retry", error.runId, "--json")
      assert.strictEqual(result(again).runId, error.runId)
      assert.strictEqual((yield* operator("runs", "retry", error.runId)).code, 21)
      assert.strictEqual((yield* operator("runs", "show", "ffff")).code, 16)
    })
  )

  it.live("waits for another person's approval, or returns at once", () =>
    Effect.gen(function* () {
      const server = yield* served.start()
      const operator = at(server, "operator")
      const impatient = yield* operator("ueba", "setup", "--require-approval", "always", "--no-wait", "--json")
      assert.strictEqual(impatient.code, 18, impatient.stderr)
      const { runId } = JSON.parse(impatient.stdout).error
      const first = result(yield* at(server, "approver")("artifacts", "diff", runId, "--json"))
      assert.isNull(first.before)
      assert.strictEqual(first.after, server.simulator.scriptSha256)
      assert.strictEqual((yield* operator("runs", "approve", runId, "--sha256", first.after)).code, 8)
      const approve = server.decide(runId, "approver", { comment: "CHG-1" })
      const [set] = yield* Effect.all(
        [operator("ueba", "setup", "--run", runId, "--json"), Effect.delay(approve, "300 millis")],
        { concurrency: 2 }
      )
      assert.strictEqual(result(set).review.decision.by, "approver")
      const other = yield* operator("ueba", "setup", "--require-approval", "always", "--no-wait", "--json", "--new")
      const compared = yield* at(server, "approver")(
        "artifacts",
        "diff",
        JSON.parse(other.stdout).error.runId,
        "--json"
      )
      assert.deepInclude(result(compared), {
        before: server.simulator.scriptSha256,
        after: server.simulator.scriptSha256,
        hunks: []
      })
      const { scriptSha256 } = server.simulator
      const viewer = at(server, "viewer")
      const stored = result(yield* viewer("artifacts", "show", scriptSha256.slice(0, 8), "--json"))
      assert.deepInclude(stored, { sha256: scriptSha256, intact: true })
      assert.include(
        stored.runs.map((run: { readonly runId: string }) => run.runId),
        runId
      )
      const person = yield* viewer("artifacts", "show", scriptSha256)
      assert.match(person.stdout, /Content +✓ intact/)
      const unknown = yield* viewer("artifacts", "show", "ffffffff")
      assert.strictEqual(unknown.code, 23)
      assert.notInclude(unknown.stderr, server.dataDir)
      const rejected = yield* at(server, "approver")("runs", "reject", JSON.parse(other.stdout).error.runId, "--json")
      assert.deepInclude(result(rejected), { approved: false, by: "approver" })
    })
  )

  it.live("cancels and prunes, as far as the role goes", () =>
    Effect.gen(function* () {
      const server = yield* served.start({ simulator: { faults: ["downloadSetupScript:stall@100"] } })
      const { run } = yield* server.submit()
      yield* eventually(
        server.ask("GET", `/api/v1/runs/${run.id}`, { as: "viewer" }),
        ({ json }) => json.steps.length > 1
      )
      const cancelled = result(yield* at(server, "operator")("runs", "cancel", run.id, "--json"))
      assert.strictEqual(cancelled.status, "cancelled")
      assert.strictEqual((yield* at(server, "operator")("runs", "prune", "--keep", "0")).code, 8)
      const pruned = result(yield* at(server, "admin")("runs", "prune", "--older-than", "1h", "--keep", "0", "--json"))
      assert.deepStrictEqual(pruned, { removed: [run.id], dryRun: false })
    })
  )

  it.live("says what is wrong with the server, the token, or both", () =>
    Effect.gen(function* () {
      const server = yield* served.start()
      const wrong = yield* at(server, "viewer", { PRIVX_KIT_SERVER_TOKEN: "pxk_wrong" })("runs", "list")
      assert.strictEqual(wrong.code, 7, wrong.stderr)
      assert.notInclude(wrong.stderr, "pxk_wrong")
      const file = path.join(path.dirname(server.dataDir), "token")
      fs.writeFileSync(file, `${server.tokenOf("viewer")}\n`)
      const fromFile = at(server, "viewer", { PRIVX_KIT_SERVER_TOKEN: "", PRIVX_KIT_SERVER_TOKEN_FILE: file })
      assert.strictEqual((yield* fromFile("runs", "list")).code, 0)
      const twice = at(server, "viewer", { PRIVX_KIT_SERVER_TOKEN_FILE: file })
      assert.strictEqual((yield* twice("runs", "list")).code, 3)
      const unreachable = yield* served.cli({}, "runs", "list", "--server", "http://127.0.0.1:1", "--json")
      assert.strictEqual(unreachable.code, 4, unreachable.stderr)
      const plain = yield* served.cli({}, "runs", "list", "--server", "http://kit.example.com")
      assert.strictEqual(plain.code, 3)
      const both = yield* served.cli({}, "runs", "list", "--server", server.url.origin, "--data-dir", server.dataDir)
      assert.strictEqual(both.code, 3)
      // A given directory takes precedence over the environment.
      const directory = yield* at(server, "viewer")(
        "runs",
        "list",
        "--data-dir",
        path.join(server.dataDir, "none"),
        "--json"
      )
      assert.deepStrictEqual(result(directory), { runs: [] })
      const execute = yield* at(server, "operator")("ueba", "setup", "--execute", "--yes")
      assert.strictEqual(execute.code, 2)
    })
  )
})
