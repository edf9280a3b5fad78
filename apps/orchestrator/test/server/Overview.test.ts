import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as http from "node:http"
import * as served from "../support/served.ts"

type Server = Effect.Success<ReturnType<typeof served.start>>

/** The events of a list stream, until `enough` of them have arrived. */
const follow = (
  server: Server,
  query: string,
  enough: (events: ReadonlyArray<{ readonly event: string; readonly data: ReturnType<typeof JSON.parse> }>) => boolean
) =>
  Effect.callback<ReadonlyArray<{ readonly event: string; readonly data: ReturnType<typeof JSON.parse> }>>((resume) => {
    const request = http.get(new URL(`/api/v1/runs/events${query}`, server.url), {
      headers: { authorization: `Bearer ${server.tokenOf("viewer")}` }
    })
    request.on("error", () => {})
    request.on("response", (response) => {
      let text = ""
      const events = () =>
        [...text.matchAll(/^event: (.*)\ndata: (.*)\n$/gm)].map(([, event = "", data = ""]) => ({
          event,
          data: JSON.parse(data)
        }))
      response.setEncoding("utf8").on("data", (piece: string) => {
        text += piece
        if (enough(events())) request.destroy()
      })
      response.on("close", () => resume(Effect.succeed(events())))
    })
    return Effect.sync(() => request.destroy())
  })

const ids = (answer: served.Answer): ReadonlyArray<string> => answer.json.runs.map(({ id }: { id: string }) => id)

describe("what people who watch ask for", () => {
  it.live("says who the caller is, and which kinds of run there are", () =>
    Effect.gen(function* () {
      const server = yield* served.start()
      assert.deepStrictEqual((yield* server.ask("GET", "/api/v1/me", { as: "approver" })).json, {
        name: "approver",
        displayName: "approver",
        role: "approver",
        rights: ["look", "decide", "script", "unapprovedScript"],
        known: true
      })
      const { kinds } = (yield* server.ask("GET", "/api/v1/kinds", { as: "viewer" })).json
      const setup = kinds.find(({ name }: { name: string }) => name === "ueba-setup")
      assert.strictEqual(setup.title, "UEBA setup")
      assert.deepStrictEqual(setup.steps[1], { name: "download", title: "Download the script" })
    })
  )

  it.live("lists by requester, time, text and kind, page by page, and counts", () =>
    Effect.gen(function* () {
      const server = yield* served.start()
      const runs: Array<string> = []
      for (const as of ["operator", "admin", "operator"]) {
        const { run } = yield* server.submit({}, as)
        yield* server.reached(run.id, "succeeded")
        runs.unshift(run.id)
      }
      const list = (query: string) => server.ask("GET", `/api/v1/runs?${query}`, { as: "viewer" })
      assert.deepStrictEqual(ids(yield* list("requestedBy=admin")), [runs[1]!])
      assert.deepStrictEqual(ids(yield* list(`text=${(runs[0] ?? "").slice(0, 18).toUpperCase()}`)), [runs[0]!])
      // Patterns of LIKE are treated as plain text.
      assert.deepStrictEqual(ids(yield* list("text=%25")), [])
      assert.deepStrictEqual(ids(yield* list("text=_")), [])
      assert.deepStrictEqual(ids(yield* list("kind=fleet")), [])
      assert.deepStrictEqual(ids(yield* list("kind=ueba-setup")), runs)
      const oldest = (yield* server.ask("GET", `/api/v1/runs/${runs[2]}`, { as: "viewer" })).json
      assert.deepStrictEqual(ids(yield* list(`until=${oldest.createdAt}`)), [])
      assert.deepStrictEqual(ids(yield* list(`endedUntil=${oldest.endedAt}`)), [])
      assert.deepStrictEqual(ids(yield* list(`endedSince=${oldest.endedAt}`)), runs)

      const first = yield* list("limit=2")
      assert.deepStrictEqual(ids(first), runs.slice(0, 2))
      const second = yield* list(`limit=2&after=${first.json.next}`)
      assert.deepStrictEqual(ids(second), runs.slice(2))
      assert.isNull(second.json.next)
      assert.strictEqual((yield* list("after=nonsense")).status, 400)

      const counts = (query: string) => server.ask("GET", `/api/v1/runs/counts?${query}`, { as: "viewer" })
      assert.deepStrictEqual((yield* counts("")).json, { counts: { succeeded: 3 } })
      assert.deepStrictEqual((yield* counts("requestedBy=operator")).json, { counts: { succeeded: 2 } })
    })
  )

  it.live("follows a list: what is there, what changes, what comes", () =>
    Effect.gen(function* () {
      const server = yield* served.start()
      const waiting = yield* server.submit({ requireApproval: "always" })
      yield* server.reached(waiting.run.id, "waiting")
      const [events] = yield* Effect.all(
        [
          follow(server, "?limit=10", (events) =>
            events.some(({ data, event }) => event === "runs" && data.counts.succeeded === 2)
          ),
          Effect.gen(function* () {
            yield* Effect.sleep("300 millis")
            yield* server.decide(waiting.run.id, "approver")
            const { run } = yield* server.submit({})
            yield* server.reached(run.id, "succeeded")
          })
        ],
        { concurrency: 2 }
      )
      assert.deepInclude(events[0]?.data, { id: waiting.run.id, status: "waiting", result: null })
      assert.deepStrictEqual(events[1]?.data, { ids: [waiting.run.id], next: null, counts: { waiting: 1 } })
      const last = events.findLast(({ event }) => event === "runs")
      assert.strictEqual(last?.data.ids.length, 2)
      assert.strictEqual(last?.data.ids[1], waiting.run.id)
      assert.isTrue(events.some(({ data }) => data.id === waiting.run.id && data.status === "succeeded"))
    })
  )

  it.live("shows what a decision needs: report, reference, four eyes", () =>
    Effect.gen(function* () {
      const server = yield* served.start()
      const review = (id: string, as: string) => server.ask("GET", `/api/v1/runs/${id}/review`, { as })
      const first = yield* server.submit()
      yield* server.reached(first.run.id, "succeeded")
      const { run } = yield* server.submit({ requireApproval: "always" }, "admin")
      yield* server.reached(run.id, "waiting")

      const { json } = yield* review(run.id, "approver")
      assert.isTrue(json.mayApprove)
      assert.isNull(json.obstacle)
      assert.strictEqual(json.report.sha256, server.simulator.scriptSha256)
      assert.isTrue(json.report.verified)
      assert.deepInclude(json.source, { origin: server.simulator.url.origin, tls: null })
      assert.deepInclude(json.reference, {
        basis: "baseline",
        sha256: server.simulator.scriptSha256,
        by: null,
        runId: first.run.id
      })

      const own = (yield* review(run.id, "admin")).json
      assert.isFalse(own.mayApprove)
      assert.include(own.obstacle.message, run.id)
      const viewer = (yield* review(run.id, "viewer")).json
      assert.strictEqual(viewer.obstacle.message, "The role viewer does not allow approving.")

      yield* server.decide(run.id, "approver")
      const after = (yield* review(run.id, "approver")).json
      assert.isFalse(after.mayApprove)
      assert.deepInclude(after.reference, { basis: "approved", by: "approver", runId: run.id })
      assert.strictEqual(after.report.sha256, server.simulator.scriptSha256)
    })
  )

  it.live("says a failure in words", () =>
    Effect.gen(function* () {
      const server = yield* served.start()
      const { run } = yield* server.submit({ sha256: "0".repeat(64) })
      const failed = yield* server.reached(run.id, "failed")
      assert.strictEqual(failed.failure._tag, "VerificationFailed")
      assert.include(failed.explanation.message, "SHA-256")
      assert.isNotEmpty(failed.explanation.hint)
      const { json } = yield* server.ask("GET", `/api/v1/runs/${run.id}/review`, { as: "viewer" })
      assert.isFalse(json.report.verified)
    })
  )
})
