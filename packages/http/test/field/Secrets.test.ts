/** Field conditions: servers quote the secrets of the request in their responses. */
import { assert, describe, it } from "@effect/vitest"
import * as Endpoint from "@privx-kit/http/Endpoint"
import { Operation } from "@privx-kit/http/Operation"
import { PrivxMiddleware } from "@privx-kit/http/PrivxMiddleware"
import * as Effect from "effect/Effect"
import * as HttpApi from "effect/http-api/HttpApi"
import * as HttpApiEndpoint from "effect/http-api/HttpApiEndpoint"
import * as HttpApiGroup from "effect/http-api/HttpApiGroup"
import * as HttpApiSchema from "effect/http-api/HttpApiSchema"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import * as Logins from "../Logins.ts"
import * as TestApi from "../TestApi.ts"
import * as WireServer from "../WireServer.ts"

const id = "the session/id"

const Params = { session_id: Schema.RedactedFromValue(Schema.NonEmptyString) }

const api = HttpApi.make("secret").add(
  HttpApiGroup.make("sessions")
    .add(
      HttpApiEndpoint.post("keep", "/sessions/:session_id/keepalive", {
        params: Params,
        success: HttpApiSchema.NoContent
      }).annotate(Operation, { name: "Sessions.keep", safeToRepeat: false, authorization: { scope: "user" } }),
      HttpApiEndpoint.get("open", "/sessions/:session_id", {
        params: Params,
        success: HttpApiSchema.StreamUint8Array()
      }).annotate(Operation, { name: "Sessions.open", safeToRepeat: false, authorization: { scope: "user" } })
    )
    .middleware(PrivxMiddleware)
)

const request = { params: { session_id: Redacted.make(id) } }
const calls = [
  Effect.flatMap(Endpoint.call(api, { group: "sessions", endpoint: "keep" }), (keep) => keep(request)),
  Effect.scoped(
    Effect.flatMap(Endpoint.download(api, { group: "sessions", endpoint: "open" }), (open) => open(request))
  )
]

describe("an answer quotes the request", () => {
  it.live.each<{ condition: string; answer: (received: WireServer.Received) => WireServer.Answer }>([
    {
      condition: "a proxy's page shows the URL, the id of the session in its path",
      answer: ({ line }) => WireServer.answer(502, `<html>Cannot forward ${line}`)
    },
    {
      condition: "the error message of PrivX names the id, decoded",
      answer: () =>
        WireServer.answer(404, JSON.stringify({ error_code: "GENERAL_ERROR", error_message: `no session ${id}` }))
    },
    {
      condition: "a detail of the error body repeats the Authorization header",
      answer: ({ headers }) =>
        WireServer.answer(
          400,
          JSON.stringify({
            error_code: "BAD_REQUEST",
            details: [
              { error_code: "BAD_REQUEST", error_message: headers.authorization, property: headers.authorization }
            ]
          })
        )
    },
    {
      condition: "an unknown error code is the token",
      answer: ({ headers }) => WireServer.answer(400, JSON.stringify({ error_code: headers.authorization }))
    },
    {
      condition: "a debugging gateway dumps all headers in plain text",
      answer: ({ headers }) =>
        WireServer.answer(
          500,
          Object.entries(headers)
            .map((pair) => pair.join(": "))
            .join("\n")
        )
    },
    {
      condition: "the id of the request is the token",
      answer: ({ headers }) =>
        WireServer.answer(503, "", { "X-Request-Id": headers.authorization ?? "", "Content-Type": `text/${id}` })
    },
    {
      condition: "the challenge of a 401 describes the token",
      answer: ({ headers }) =>
        WireServer.answer(401, "", {
          "WWW-Authenticate": `Bearer error="invalid_token", error_description="${headers.authorization} is unknown"`
        })
    },
    {
      condition: "a redirect to the login page carries the URL that was asked for",
      answer: ({ line }) =>
        WireServer.answer(302, "", { Location: `https://login.example.com/?next=${encodeURIComponent(line)}` })
    },
    {
      condition: "a redirect goes to the same path at another host",
      answer: ({ line }) => WireServer.answer(307, "", { Location: `https://other.example.com${line.split(" ")[1]}` })
    }
  ])("$condition", ({ answer }) =>
    Effect.gen(function* () {
      const server = yield* WireServer.make(answer)
      for (const call of calls) {
        const failure = yield* Effect.flip(Effect.provide(call, TestApi.layer(server.url)))
        const shown = Logins.shown(failure)
        for (const secret of [id, encodeURIComponent(id), "secret-token"]) assert.notInclude(shown, secret)
        assert.notInclude(shown, "<<")
      }
    })
  )
})
