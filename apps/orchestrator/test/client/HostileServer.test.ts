/** A server with responses that no privx-kit server sends: the client reads within limits, and checks ids. */
import { assert, describe, it } from "@effect/vitest"
import { RunJson } from "@privx-kit/runs/Run"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import * as http from "node:http"
import type * as net from "node:net"
import * as RemoteRunClient from "../../src/client/RemoteRunClient.ts"
import * as RemoteSetup from "../../src/client/RemoteSetup.ts"
import { RunClient } from "../../src/client/RunClient.ts"
import { ServerClient } from "../../src/client/ServerClient.ts"

const id = "0c9f4e0e-5c3b-4c4e-9f0a-6c6f5f1d2a10"

const run = {
  ...Schema.encodeSync(RunJson)({
    id,
    position: 1,
    kind: "ueba-setup",
    parentId: null,
    target: "https://privx.example.com",
    inputs: {},
    idempotencyKey: null,
    status: "queued",
    attempt: 1,
    createdAt: DateTime.makeUnsafe(0),
    startedAt: null,
    endedAt: null,
    sha256: null,
    review: null,
    result: null,
    failure: null,
    steps: [],
    earlier: []
  }),
  explanation: null,
  requestedBy: null,
  displayNames: {}
}

/** Uses the client of a server that always sends this response. */
const against = <A, E>(
  answer: (request: http.IncomingMessage, response: http.ServerResponse) => void,
  use: Effect.Effect<A, E, RunClient | ServerClient>
) =>
  Effect.gen(function* () {
    const server = yield* Effect.acquireRelease(
      Effect.promise(
        () =>
          new Promise<http.Server>((resolve) => {
            const server = http.createServer(answer).listen(0, "127.0.0.1", () => resolve(server))
          })
      ),
      (server) =>
        Effect.sync(() => {
          server.closeAllConnections()
          server.close()
        })
    )
    const url = new URL(`http://127.0.0.1:${(server.address() as net.AddressInfo).port}`)
    return yield* Effect.provide(
      use,
      RemoteRunClient.layer.pipe(
        Layer.provideMerge(ServerClient.layer({ url, token: Effect.succeed(undefined), ca: [] }))
      )
    )
  })

/** Sends the same piece until reading stops. Returns the number of sent bytes. */
const endless = (head: http.OutgoingHttpHeaders, piece: string) => {
  let sent = 0
  return {
    sent: () => sent,
    answer: (_: http.IncomingMessage, response: http.ServerResponse) => {
      response.writeHead(200, head)
      const send = (): void => {
        while (!response.destroyed && response.write(piece)) sent += piece.length
        sent += piece.length
      }
      response.on("drain", send)
      send()
    }
  }
}

const mebibyte = 1024 * 1024

describe("a client of a server that means harm", () => {
  it.live("takes no id of a run that is a path", () =>
    Effect.gen(function* () {
      const submitted = (id: string) =>
        against(
          (_, response) => {
            response.writeHead(202, { "content-type": "application/json" })
            response.end(JSON.stringify({ run: { ...run, id }, created: true }))
          },
          RemoteSetup.submit({ target: "https://privx.example.com" })
        )
      assert.strictEqual((yield* submitted(id)).id, id)
      for (const bad of ["../../../home/mia/x", "/etc/cron.d/x", "..", ""]) {
        const failure = yield* Effect.flip(submitted(bad))
        assert.deepInclude(failure, { _tag: "UnexpectedResponse", operation: "runs.submit", reason: "otherJson" })
      }
    })
  )

  it.live("reads no answer without end", () =>
    Effect.gen(function* () {
      const server = endless({ "content-type": "application/json" }, " ".repeat(mebibyte))
      const list = RunClient.use((client) => client.list({ limit: 1, status: [], target: undefined, since: undefined }))
      const failure = yield* Effect.flip(against(server.answer, list))
      assert.deepInclude(failure, { _tag: "TransportError", reason: "tooLarge" })
      assert.isBelow(server.sent(), 128 * mebibyte)
    })
  )

  it.live("fails with an event that is none of a run, instead of asking for it again and again", () =>
    Effect.gen(function* () {
      const follow = RunClient.use((client) => client.follow(id, () => Effect.void))
      for (const data of [JSON.stringify({ ...run, status: "of another version" }), "no JSON"]) {
        const failure = yield* Effect.flip(
          against((_, response) => {
            response.writeHead(200, { "content-type": "text/event-stream" })
            response.end(`event: run\nid: 1\ndata: ${data}\n\n`)
          }, follow)
        )
        assert.deepInclude(failure, { _tag: "UnexpectedResponse", operation: "runs.events", reason: "otherJson" })
      }
    })
  )

  it.live("keeps no event without end: it asks again, and follows what comes then", () =>
    Effect.gen(function* () {
      const server = endless({ "content-type": "text/event-stream" }, `data: ${"x".repeat(mebibyte)}\n`)
      let asked = 0
      const over = { ...run, status: "cancelled", endedAt: run.createdAt }
      const followed = yield* against(
        (request, response) => {
          asked++
          if (asked === 1) return server.answer(request, response)
          response.writeHead(200, { "content-type": "text/event-stream" })
          response.end(`event: run\nid: 1\ndata: ${JSON.stringify(over)}\n\n`)
        },
        RunClient.use((client) => client.follow(id, () => Effect.void))
      )
      assert.deepStrictEqual([followed.status, asked], ["cancelled", 2])
      assert.isBelow(server.sent(), 64 * mebibyte)
    })
  )
})
