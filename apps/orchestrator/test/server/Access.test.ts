import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as fs from "node:fs"
import * as path from "node:path"
import * as temporary from "@privx-kit/testing/temporary"
import * as Role from "../../src/server/Role.ts"
import * as Tokens from "../../src/server/Tokens.ts"
import * as served from "../support/served.ts"
import { eventually } from "@privx-kit/testing/eventually"

const roles = ["viewer", "operator", "approver", "admin"] as const

describe("who may do what", () => {
  it.live("is decided by the role of the token, endpoint by endpoint", () =>
    Effect.gen(function* () {
      const server = yield* served.start()
      const submitted = yield* server.submit()
      const run = yield* server.reached(submitted.run.id, "succeeded")
      const at = `/api/v1/runs/${run.id}`
      const table: ReadonlyArray<readonly [string, string, ReadonlyArray<string>, number]> = [
        ["GET", "/api/v1/runs", ["viewer", "operator", "approver", "admin"], 200],
        ["GET", at, ["viewer", "operator", "approver", "admin"], 200],
        ["GET", `${at}/events`, ["viewer", "operator", "approver", "admin"], 200],
        ["GET", `${at}/manifest`, ["viewer", "operator", "approver", "admin"], 200],
        ["GET", `${at}/script`, ["operator", "approver", "admin"], 200],
        ["GET", `${at}/reference-script`, ["operator", "approver", "admin"], 200],
        ["POST", "/api/v1/runs", ["operator", "admin"], 202],
        ["POST", `${at}/cancel`, ["operator", "admin"], 409],
        ["POST", `${at}/retry`, ["operator", "admin"], 409],
        ["POST", `${at}/approve`, ["approver", "admin"], 200],
        ["POST", `${at}/reject`, ["approver", "admin"], 409],
        ["POST", "/api/v1/runs/prune", ["admin"], 400]
      ]
      for (const [method, where, may, status] of table) {
        for (const role of roles) {
          const body = where.endsWith("/approve") ? { sha256: run.sha256, attempt: 1 } : {}
          const answer = yield* server.ask(method, where, { as: role, ...(method === "POST" ? { body } : {}) })
          assert.strictEqual(answer.status, may.includes(role) ? status : 403, `${role} ${method} ${where}`)
        }
        const stranger = yield* server.ask(method, where, { token: "wrong" })
        assert.include([401, 429], stranger.status)
      }
    })
  )

  it.live("is refused without a token or with a wrong one, and then rate-limited", () =>
    Effect.gen(function* () {
      const server = yield* served.start()
      const none = yield* server.ask("GET", "/api/v1/runs")
      assert.strictEqual(none.status, 401)
      assert.match(none.headers.get("www-authenticate") ?? "", /^Bearer/)
      for (let count = 0; count < 10; count++) {
        assert.strictEqual((yield* server.ask("GET", "/api/v1/runs", { token: "pxk_guess" })).status, 401)
      }
      const limited = yield* server.ask("GET", "/api/v1/runs", { token: "pxk_guess" })
      assert.strictEqual(limited.status, 429)
      assert.isAtLeast(Number(limited.headers.get("retry-after")), 1)
      // The wrong tokens do not lock out a person with a valid token.
      assert.strictEqual((yield* server.ask("GET", "/api/v1/runs", { as: "viewer" })).status, 200)
    })
  )

  it.live("to fleets and stored scripts requires a role that allows it, for any request", () =>
    Effect.gen(function* () {
      const server = yield* served.start()
      const asked = [
        ["POST", "/api/v1/fleets", ["operator", "admin"]],
        ["POST", "/api/v1/fleets/plan", ["viewer", "operator", "approver", "admin"]],
        ["POST", "/api/v1/fleets/status", ["viewer", "operator", "approver", "admin"]],
        ["GET", "/api/v1/fleets/none/status", ["viewer", "operator", "approver", "admin"]],
        ["GET", "/api/v1/fleets/none/plan", ["viewer", "operator", "approver", "admin"]],
        ["GET", "/api/v1/fleets/none", ["viewer", "operator", "approver", "admin"]],
        ["GET", "/api/v1/artifacts/abcd", ["viewer", "operator", "approver", "admin"]]
      ] as const
      for (const [method, path, roles] of asked) {
        for (const body of method === "GET" ? [undefined] : [{ definition: "" }, { definition: 1 }, { secret: "x" }]) {
          const sent = body === undefined ? {} : { body }
          assert.strictEqual((yield* server.ask(method, path, sent)).status, 401, path)
          for (const role of ["viewer", "operator", "approver", "admin"]) {
            const { status } = yield* server.ask(method, path, { as: role, ...sent })
            const may = roles.some((one) => one === role)
            assert.strictEqual(status === 403, !may, `${role} ${method} ${path} ${status}`)
            if (may && body !== undefined) assert.strictEqual(status, 400)
          }
        }
      }
    })
  )

  it.live("is refused where expires is in quotes, with the line", () =>
    Effect.gen(function* () {
      const file = path.join(yield* temporary.directory, "tokens.toml")
      const { entry } = Tokens.issue("ci", "operator")
      fs.writeFileSync(file, `${entry.trimEnd()}\nexpires = "2999-01-31T00:00:00Z"\n`, { mode: 0o600 })
      const { problems } = yield* Effect.flip(Tokens.read(file))
      const line = fs.readFileSync(file, "utf8").trimEnd().split("\n").length
      assert.deepStrictEqual(problems, [
        {
          setting: `token file ${file}`,
          problem: `has expires in quotes (line ${line})`,
          fix: "Write the time without quotes: expires = 2030-01-31T00:00:00Z"
        }
      ])
    })
  )

  it.live("is refused where one token hash has two entries, with their names and lines", () =>
    Effect.gen(function* () {
      const file = path.join(yield* temporary.directory, "tokens.toml")
      const { entry } = Tokens.issue("ci", "operator")
      const other = Tokens.issue("mia", "approver").entry
      fs.writeFileSync(
        file,
        `${entry}\n${other}\n${entry.replace('"ci"', '"root"').replace('"operator"', '"admin"')}`,
        {
          mode: 0o600
        }
      )
      const failure = yield* Effect.flip(Tokens.read(file))
      assert.deepStrictEqual(
        failure.problems.map(({ problem }) => problem),
        ["has one token hash 2 times, for ci and root (lines 4, 14)"]
      )
      // Two tokens with the same name are valid: the new one works before the old one is removed.
      fs.writeFileSync(file, `${entry}\n${other.replace('"mia"', '"ci"')}`)
      assert.deepStrictEqual(
        (yield* Tokens.read(file)).map(({ name }) => name),
        ["ci", "ci"]
      )
    })
  )

  it.live("changes with the token file, while the server runs", () =>
    Effect.gen(function* () {
      const server = yield* served.start()
      const old = server.tokenOf("operator")
      const { entry, token } = Tokens.issue("operator", "operator")
      const before = fs.readFileSync(server.tokenFile, "utf8")
      const look = (token: string) => server.ask("GET", "/api/v1/runs", { token })
      // Both are valid during the change.
      fs.writeFileSync(server.tokenFile, `${before}\n${entry}`)
      yield* eventually(look(Redacted.value(token)), ({ status }) => status === 200)
      assert.strictEqual((yield* look(old)).status, 200)
      fs.writeFileSync(server.tokenFile, entry)
      yield* eventually(look(old), ({ status }) => status !== 200)
      assert.strictEqual((yield* look(Redacted.value(token))).status, 200)
      // An unreadable file changes nothing.
      fs.writeFileSync(server.tokenFile, "[[token]")
      yield* Effect.sleep("1200 millis")
      assert.strictEqual((yield* look(Redacted.value(token))).status, 200)
      fs.writeFileSync(server.tokenFile, Tokens.issue("operator", "operator", new Date(0)).entry)
      yield* eventually(look(Redacted.value(token)), ({ status }) => status !== 200)
    })
  )

  it.live("takes a second person to approve", () =>
    Effect.gen(function* () {
      const server = yield* served.start()
      const { run } = yield* server.submit({ requireApproval: "always" }, "admin")
      yield* server.reached(run.id, "waiting")
      const decide = (as: string) => server.decide(run.id, as, { comment: "CHG-1" })
      const own = yield* decide("admin")
      assert.strictEqual(own.status, 403)
      assert.strictEqual(own.json.type, "urn:privx-kit:problem:FourEyes")
      // Before the approval, only people who can decide may download the script.
      const script = (as: string) => server.ask("GET", `/api/v1/runs/${run.id}/script`, { as })
      assert.strictEqual((yield* script("operator")).status, 409)
      assert.strictEqual((yield* script("approver")).status, 200)
      const approved = yield* decide("approver")
      assert.strictEqual(approved.status, 200, approved.text)
      assert.strictEqual(approved.json.run.status, "succeeded")
      assert.deepInclude(approved.json.run.review.decision, { approved: true, by: "approver", comment: "CHG-1" })
      assert.strictEqual((yield* script("operator")).status, 200)
    })
  )

  it.live("decides about the script that was looked at, and about no other", () =>
    Effect.gen(function* () {
      const server = yield* served.start()
      const submitted = yield* server.submit({ requireApproval: "always" })
      const { attempt, id, sha256 } = yield* server.reached(submitted.run.id, "waiting")
      const approve = (body: unknown) => server.ask("POST", `/api/v1/runs/${id}/approve`, { as: "approver", body })
      for (const body of [{}, { attempt }, { sha256 }, { sha256: "ab", attempt }, { comment: "CHG-1" }]) {
        assert.strictEqual((yield* approve(body)).status, 400, JSON.stringify(body))
      }
      // Another attempt starts between review and approval.
      assert.strictEqual((yield* server.ask("POST", `/api/v1/runs/${id}/cancel`, { as: "operator" })).status, 200)
      yield* server.reached(id, "cancelled")
      assert.strictEqual((yield* server.ask("POST", `/api/v1/runs/${id}/retry`, { as: "operator" })).status, 202)
      const after = yield* server.reached(id, "waiting")
      const other = "0".repeat(64)
      for (const seen of [
        { sha256, attempt },
        { sha256: other, attempt: after.attempt },
        { sha256: other, attempt }
      ]) {
        const answer = yield* approve(seen)
        assert.deepInclude(answer.json, { status: 409, type: "urn:privx-kit:problem:RunConflict" }, answer.text)
        const rejected = yield* server.ask("POST", `/api/v1/runs/${id}/reject`, { as: "approver", body: seen })
        assert.strictEqual(rejected.status, 409)
      }
      assert.strictEqual((yield* server.reached(id, "waiting")).review.decision, null)
      const decided = yield* approve({ sha256: after.sha256.toUpperCase(), attempt: after.attempt })
      assert.strictEqual(decided.status, 200, decided.text)
      assert.strictEqual((yield* server.reached(id, "succeeded")).sha256, after.sha256)
    })
  )

  it.live("rejects, also one's own run, and lets one approve one's own where that is allowed", () =>
    Effect.gen(function* () {
      const server = yield* served.start({ selfApproval: true })
      const submit = Effect.flatMap(server.submit({ requireApproval: "always" }, "admin"), ({ run }) =>
        server.reached(run.id, "waiting")
      )
      const { id } = yield* submit
      const rejected = yield* server.ask("POST", `/api/v1/runs/${id}/reject`, { as: "admin", body: {} })
      assert.strictEqual(rejected.json.run.status, "failed")
      assert.strictEqual(rejected.json.run.failure._tag, "ApprovalRejected")
      const other = yield* submit
      const approved = yield* server.decide(other.id, "admin")
      assert.strictEqual(approved.json.run.status, "succeeded", approved.text)
    })
  )

  it.live("lets programs of the machine in where no token is asked for, and no page of a browser", () =>
    Effect.gen(function* () {
      const server = yield* served.start({ open: true })
      const list = (headers: Record<string, string> = {}) => server.ask("GET", "/api/v1/runs", { headers })
      assert.strictEqual((yield* list()).status, 200)
      assert.strictEqual((yield* list({ origin: "https://evil.example" })).status, 403)
      assert.strictEqual((yield* server.get("/api/v1/runs", { host: "evil.example" })).status, 403)
    })
  )

  it("gives every role what it is for", () => {
    assert.isFalse(Role.allows("approver", "submit"))
    assert.isFalse(Role.allows("operator", "decide"))
    assert.isFalse(Role.allows("viewer", "script"))
  })
})
