import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as crypto from "node:crypto"
import * as http from "node:http"
import * as served from "../support/served.ts"

describe("the server", () => {
  it.live("executes what is submitted, and gives script and provenance back", () =>
    Effect.gen(function* () {
      const server = yield* served.start()
      const { created, run } = yield* server.submit({ maxBytes: 1_000_000 })
      assert.isTrue(created)
      const done = yield* server.reached(run.id, "succeeded")
      assert.strictEqual(done.requestedBy, "operator")
      assert.strictEqual(done.sha256, server.simulator.scriptSha256)

      const script = yield* server.ask("GET", `/api/v1/runs/${run.id}/script`, { as: "operator" })
      assert.strictEqual(script.status, 200)
      assert.strictEqual(crypto.hash("sha256", script.text, "hex"), server.simulator.scriptSha256)
      const manifest = yield* server.ask("GET", `/api/v1/runs/${run.id}/manifest`, { as: "viewer" })
      assert.strictEqual(manifest.json.script.sha256, server.simulator.scriptSha256)
      const attestation = yield* server.ask("GET", `/api/v1/runs/${run.id}/attestation`, { as: "viewer" })
      assert.strictEqual(attestation.json.payloadType, "application/vnd.in-toto+json")
      const key = yield* server.ask("GET", `/api/v1/runs/${run.id}/public-key`, { as: "viewer" })
      assert.match(key.text, /^-----BEGIN PUBLIC KEY-----/)

      const listed = yield* server.ask("GET", "/api/v1/runs?status=succeeded&status=failed&limit=5", { as: "viewer" })
      assert.deepStrictEqual(
        listed.json.runs.map((run: { readonly id: string; readonly result: unknown }) => [run.id, run.result]),
        [[run.id, null]]
      )
      const none = yield* server.ask("GET", "/api/v1/runs?target=https://other.example", { as: "viewer" })
      assert.deepStrictEqual(none.json, { runs: [], next: null })
      const since = yield* server.ask("GET", "/api/v1/runs?since=2999-01-01T00:00:00Z", { as: "viewer" })
      assert.deepStrictEqual(since.json, { runs: [], next: null })
    })
  )

  it.live("makes one run of a key that two clients send at once", () =>
    Effect.gen(function* () {
      const server = yield* served.start()
      const answers = yield* Effect.all(
        Array.from({ length: 8 }, () => server.submit({}, "operator", { "idempotency-key": "nightly-1" })),
        { concurrency: 8 }
      )
      assert.strictEqual(new Set(answers.map(({ run }) => run.id)).size, 1)
      assert.strictEqual(answers.filter(({ created }) => created).length, 1)
      const other = yield* server.ask("POST", "/api/v1/runs", {
        as: "operator",
        body: { maxBytes: 5000, idempotencyKey: "nightly-1" }
      })
      assert.strictEqual(other.status, 400)
      assert.strictEqual(other.json.type, "urn:privx-kit:problem:InvalidInput")
    })
  )

  it.live("refuses what makes no sense, in one shape", () =>
    Effect.gen(function* () {
      const server = yield* served.start()
      const bad = (body: unknown) => server.ask("POST", "/api/v1/runs", { as: "operator", body })
      for (const body of [
        { output: "/etc" },
        { mode: 0o777 },
        { sha256: "xyz" },
        { maxBytes: -1 },
        { policy: { checks: { nonsense: "off" } } },
        { target: "https://other.example" },
        "{"
      ]) {
        const answer = yield* bad(body)
        assert.strictEqual(answer.status, 400, JSON.stringify(body))
        assert.strictEqual(answer.headers.get("content-type"), "application/problem+json")
        const { detail: _, fields: __, hint: ___, type, ...rest } = answer.json
        const title = type === "urn:privx-kit:problem:InvalidInput" ? "Invalid input" : "Bad request"
        assert.deepStrictEqual(rest, { title, status: 400, code: "usage" }, answer.text)
        for (const member of ["type", "detail", "hint"]) assert.isString(answer.json[member], answer.text)
      }
      assert.include((yield* bad({ output: "/etc" })).json.detail, "output")
      const missing = yield* server.ask("GET", "/api/v1/runs/1f0c", { as: "viewer" })
      assert.deepStrictEqual(missing.json, {
        type: "urn:privx-kit:problem:RunNotFound",
        title: "Run not found",
        status: 404,
        detail: "No run with the id 1f0c exists.",
        code: "runNotFound",
        hint: "Run `privx-kit runs list` to see existing runs.",
        fields: { runId: "1f0c" }
      })
      for (const [method, path, as, status, type] of [
        ["GET", "/nowhere", "viewer", 404, "NoSuchPath"],
        ["DELETE", "/api/v1/runs", "admin", 404, "NoSuchPath"],
        ["GET", "/api/v1/runs", undefined, 401, "Unauthorized"],
        ["GET", "/metrics", undefined, 401, "Unauthorized"],
        ["POST", "/api/v1/runs/prune", "viewer", 403, "Forbidden"],
        ["POST", "/api/v1/runs", "operator", 415, "UnsupportedMediaType"]
      ] as const) {
        const { headers, json } = yield* server.ask(method, path, {
          ...(as === undefined ? {} : { as }),
          ...(status === 415 ? { body: "{}", headers: { "content-type": "text/plain" } } : {})
        })
        assert.strictEqual(headers.get("content-type"), "application/problem+json", path)
        assert.deepInclude(json, { status, type: `urn:privx-kit:problem:${type}` })
      }
    })
  )

  it.live("refuses text that Postgres cannot store, and names its field", () =>
    Effect.gen(function* () {
      const server = yield* served.start()
      for (const [body, field] of [
        [{ comment: "a\0b", sha256: "a".repeat(64), attempt: 1 }, "comment"],
        [{ comment: "half of a pair: \ud83d", sha256: "a".repeat(64), attempt: 1 }, "comment"],
        [{ policy: { checks: { "a\0": "off" } } }, "policy.checks.(name)"],
        [{ names: ["a", "b\0"] }, "names.1"]
      ] as const) {
        const answer = yield* server.ask("POST", "/api/v1/runs/1f0c/approve", { as: "admin", body })
        assert.strictEqual(answer.status, 400, answer.text)
        assert.include(answer.json.detail, `The field ${field} of the body has a NUL character`)
      }
      for (const address of ["/api/v1/runs/%00", "/api/v1/runs?target=%00"]) {
        const answer = yield* server.ask("GET", address, { as: "viewer" })
        assert.strictEqual(answer.status, 400, answer.text)
        assert.include(answer.json.detail, "The address of the request has a NUL character")
      }
      // These characters alone are no reason for a refusal: a surrogate pair, and a backslash before them.
      const fits = yield* server.ask("POST", "/api/v1/runs/1f0c/approve", {
        as: "admin",
        body: { comment: "😀 \\u0000", sha256: "a".repeat(64), attempt: 1 }
      })
      assert.strictEqual(fits.status, 404, fits.text)
    })
  )

  it.live("does not read bodies that are too large, announced or not", () =>
    Effect.gen(function* () {
      const server = yield* served.start()
      const large = JSON.stringify({ sha256: "a".repeat(2_000_000) })
      const announced = yield* server.ask("POST", "/api/v1/runs", { as: "operator", body: large })
      assert.strictEqual(announced.status, 413)
      assert.strictEqual(announced.json.type, "urn:privx-kit:problem:BodyTooLarge")
      const status = yield* Effect.promise(
        () =>
          new Promise<number>((resolve, reject) => {
            const request = http.request(new URL("/api/v1/runs", server.url), {
              method: "POST",
              headers: {
                authorization: `Bearer ${server.tokenOf("operator")}`,
                "content-type": "application/json",
                "transfer-encoding": "chunked"
              }
            })
            request.on("response", (response) => resolve(response.statusCode ?? 0))
            request.on("error", reject)
            request.write(large.slice(0, 1_500_000))
          })
      )
      assert.strictEqual(status, 413)
    })
  )

  it.live("says how it is, and what it counts", () =>
    Effect.gen(function* () {
      const server = yield* served.start()
      assert.strictEqual((yield* server.ask("GET", "/healthz")).status, 200)
      assert.deepInclude((yield* server.ask("GET", "/readyz")).json, { ready: true, workers: 1 })
      const { run } = yield* server.submit()
      yield* server.reached(run.id, "succeeded")
      assert.strictEqual((yield* server.ask("GET", "/metrics")).status, 401)
      const { text } = yield* server.ask("GET", "/metrics", { as: "viewer" })
      assert.match(text, /^privx_kit_runs\{status="succeeded"\} 1$/m)
      assert.match(text, /^privx_kit_queue_oldest_seconds 0$/m)
      assert.match(text, /^privx_kit_http_requests_total\{.*route="\/api\/v1\/runs\/:run".*\} \d+$/m)
      assert.notInclude(text, run.id)
      const open = yield* served.start({ metricsOpen: true })
      assert.strictEqual((yield* open.ask("GET", "/metrics")).status, 200)
    })
  )

  it.live("sends headers that forbid caching, framing and sniffing", () =>
    Effect.gen(function* () {
      const server = yield* served.start()
      const { headers } = yield* server.ask("GET", "/api/v1/runs", { as: "viewer" })
      assert.strictEqual(headers.get("x-content-type-options"), "nosniff")
      assert.strictEqual(headers.get("cache-control"), "no-store")
      assert.include(headers.get("content-security-policy"), "default-src 'none'")
    })
  )

  it.live("cancels, retries and prunes", () =>
    Effect.gen(function* () {
      const server = yield* served.start({ simulator: { faults: ["downloadSetupScript:stall@100*1"] } })
      const { run } = yield* server.submit()
      yield* server.ask("GET", `/api/v1/runs/${run.id}`, { as: "viewer" }).pipe(
        Effect.delay("20 millis"),
        Effect.repeat({
          until: ({ json }): boolean => json.steps.some((step: { name: string }) => step.name === "download")
        })
      )
      const early = yield* server.ask("POST", `/api/v1/runs/${run.id}/retry`, { as: "operator" })
      assert.strictEqual(early.status, 409)
      const cancelled = yield* server.ask("POST", `/api/v1/runs/${run.id}/cancel`, { as: "operator" })
      assert.strictEqual(cancelled.json.status, "cancelled", cancelled.text)
      assert.strictEqual(cancelled.json.failure.by, "operator")
      assert.strictEqual((yield* server.ask("POST", `/api/v1/runs/${run.id}/cancel`, { as: "operator" })).status, 409)
      const noScript = yield* server.ask("GET", `/api/v1/runs/${run.id}/script`, { as: "operator" })
      assert.strictEqual(noScript.status, 409)
      const again = yield* server.ask("POST", `/api/v1/runs/${run.id}/retry`, { as: "admin" })
      assert.strictEqual(again.status, 202, again.text)
      const done = yield* server.reached(run.id, "succeeded")
      assert.strictEqual(done.attempt, 2)
      assert.strictEqual(done.requestedBy, "admin")

      const prune = (body: unknown) => server.ask("POST", "/api/v1/runs/prune", { as: "admin", body })
      assert.strictEqual((yield* prune({})).status, 400)
      assert.deepStrictEqual((yield* prune({ keep: 0, dryRun: true })).json, { removed: [run.id], dryRun: true })
      assert.deepStrictEqual((yield* prune({ keep: 0 })).json, { removed: [run.id], dryRun: false })
      assert.strictEqual((yield* server.ask("GET", `/api/v1/runs/${run.id}`, { as: "viewer" })).status, 404)
    })
  )

  it.live("describes itself, every endpoint with its errors", () =>
    Effect.gen(function* () {
      const server = yield* served.start()
      const { json } = yield* server.ask("GET", "/openapi.json")
      assert.match(json.openapi, /^3\.1/)
      assert.strictEqual(json.paths["/api/v1/runs"].post.responses["429"] !== undefined, true)
      assert.include(
        Object.keys(json.paths["/api/v1/runs/{run}/events"].get.responses["200"].content),
        "text/event-stream"
      )
      assert.deepStrictEqual(Object.keys(json.components.securitySchemes), ["bearer"])
      // No reference points to a missing component.
      for (const [, name] of JSON.stringify(json).matchAll(/"#\/components\/schemas\/([^"]+)"/g)) {
        assert.property(json.components.schemas, name ?? "")
      }
    })
  )
})
