/** The raw bytes of the operations and their errors, compared with the API reference. */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { X509Certificate } from "node:crypto"
import * as SetupScript from "../src/SetupScript.ts"
import { type Options, Simulator } from "../src/Simulator.ts"
import {
  ask,
  authorization,
  configuration,
  createSession,
  downloadSetupScript,
  newSession,
  reauthenticate,
  request
} from "./rawHttp.ts"

const jsonHead = (body: string) => ({
  "content-type": "application/json",
  "content-length": String(body.length),
  connection: "close"
})

const known = {
  clientId: "an-api-client",
  clientSecret: Redacted.make("its-secret"),
  oauthClientSecret: Redacted.make("oauth-secret")
}

const trustAnchor = new X509Certificate(SetupScript.trustAnchor)

const unknownId = "5bf77342-221c-11ee-be56-0242ac120002"

describe("the wire", () => {
  it.live("createSession answers 200 and an object with nothing but the id, a UUID", () =>
    Effect.gen(function* () {
      const simulator = yield* Simulator.make()
      const token = yield* simulator.issueToken()
      const answer = yield* ask(simulator, request(createSession, { ...authorization(token), "Content-Length": "0" }))
      assert.strictEqual(answer.statusLine, "HTTP/1.1 200 OK")
      assert.match(answer.body, /^\{"id":"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"\}$/)
      assert.deepStrictEqual(answer.headers, jsonHead(answer.body))
    })
  )

  it.live("createSession accepts a request without Content-Length too", () =>
    Effect.gen(function* () {
      const simulator = yield* Simulator.make()
      const answer = yield* ask(simulator, request(createSession, authorization(yield* simulator.issueToken())))
      assert.strictEqual(answer.status, 200)
    })
  )

  it.live("configuration reports nothing configured for another script, unless set", () =>
    Effect.gen(function* () {
      const answer = Effect.fnUntraced(function* (options: Options) {
        const simulator = yield* Simulator.make({ script: "#!/bin/sh\n:\n", ...options })
        const token = authorization(yield* simulator.issueToken())
        return JSON.parse((yield* ask(simulator, request(configuration, token))).body)
      })
      assert.deepStrictEqual(yield* answer({}), { address: "", trust_anchors: "" })
      const given = { address: "ueba.example.com", trust_anchors: "" }
      assert.deepStrictEqual(yield* answer({ configuration: given }), given)
    })
  )

  it.live("configuration answers the address and the trust anchors that are in the script", () =>
    Effect.gen(function* () {
      const simulator = yield* Simulator.make()
      const answer = yield* ask(simulator, request(configuration, authorization(yield* simulator.issueToken())))
      assert.strictEqual(
        answer.body,
        JSON.stringify({
          address: "ueba.simulator.invalid:8000",
          trust_anchors: SetupScript.trustAnchor,
          trust_anchors_info: [
            {
              subject: "CN=PrivX simulator UEBA trust anchor\nO=Simulated - not for production",
              issuer: "CN=PrivX simulator UEBA trust anchor\nO=Simulated - not for production",
              serial: "51",
              not_before: "2024-01-01T00:00:00.000Z",
              not_after: "2123-12-31T23:59:59.000Z",
              fingerprint_sha1: trustAnchor.fingerprint,
              fingerprint_sha256: trustAnchor.fingerprint256
            }
          ]
        })
      )
      assert.deepStrictEqual(answer.headers, jsonHead(answer.body))
      const { address, trust_anchors } = JSON.parse(answer.body)
      assert.include(SetupScript.text, address)
      assert.include(SetupScript.text, trust_anchors)
      assert.strictEqual((yield* ask(simulator, request(configuration))).status, 401)
    })
  )

  it.live("downloadSetupScript answers the script's bytes with their length, and asks for no token", () =>
    Effect.gen(function* () {
      const simulator = yield* Simulator.make()
      const answer = yield* ask(simulator, request(downloadSetupScript(yield* newSession(simulator))))
      assert.strictEqual(answer.statusLine, "HTTP/1.1 200 OK")
      assert.deepStrictEqual(answer.headers, {
        "content-type": "text/x-shellscript",
        "content-length": String(SetupScript.text.length),
        "accept-ranges": "bytes",
        etag: `"${SetupScript.sha256}"`,
        connection: "close"
      })
      assert.strictEqual(answer.body, SetupScript.text)
    })
  )

  it.live("reauthenticate answers 200 with an empty body of announced length 0", () =>
    Effect.gen(function* () {
      const simulator = yield* Simulator.make({ playbackSessions: ["a-session"] })
      const token = yield* simulator.issueToken()
      const answer = yield* ask(
        simulator,
        request(reauthenticate("a-session"), { ...authorization(token), "Content-Length": "0" })
      )
      assert.strictEqual(answer.statusLine, "HTTP/1.1 200 OK")
      assert.deepStrictEqual(answer.headers, { "content-length": "0", connection: "close" })
      assert.strictEqual(answer.body, "")
    })
  )

  it.live("the token endpoint answers what the vendor's reference shows", () =>
    Effect.gen(function* () {
      const simulator = yield* Simulator.make({ apiClient: known })
      const body = "grant_type=password&username=an-api-client&password=its-secret"
      const answer = yield* ask(
        simulator,
        request(
          "POST /auth/api/v1/oauth/token",
          {
            Authorization: `Basic ${btoa("privx-external:oauth-secret")}`,
            "Content-Type": "application/x-www-form-urlencoded",
            "Content-Length": String(body.length)
          },
          body
        )
      )
      assert.strictEqual(answer.statusLine, "HTTP/1.1 200 OK")
      assert.match(
        answer.body,
        /^\{"access_token":"[\w-]{43}","token_type":"bearer","expires_in":300,"refresh_token":"[\w-]{43}","scope":"admin user"\}$/
      )
      assert.deepStrictEqual(answer.headers, { ...jsonHead(answer.body), "cache-control": "no-store" })
    })
  )

  it.live.each([
    {
      name: "401 without a token",
      line: createSession,
      statusLine: "HTTP/1.1 401 Unauthorized",
      body:
        '{"error_code":"PERMISSION_DENIED",' +
        '"error_message":"Unauthorized request, OAuth2 authorization missing or invalid"}'
    },
    {
      name: "400 for a session id that is no UUID",
      line: downloadSetupScript("not-a-uuid"),
      statusLine: "HTTP/1.1 400 Bad Request",
      body: '{"error_code":"VALUE_INCORRECT_FORMAT","error_message":"Value has an incorrect format","property":"session_id"}'
    },
    {
      name: "404 for a session that does not exist",
      line: downloadSetupScript(unknownId),
      statusLine: "HTTP/1.1 404 Not Found",
      body: '{"error_code":"GENERAL_ERROR","error_message":"Resource not found"}'
    },
    {
      name: "404 for a path that does not exist",
      line: "GET /nowhere",
      statusLine: "HTTP/1.1 404 Not Found",
      body: '{"error_code":"GENERAL_ERROR","error_message":"Resource not found"}'
    },
    {
      name: "404 for a method that the path does not have",
      line: createSession.replace("POST", "PUT"),
      statusLine: "HTTP/1.1 404 Not Found",
      body: '{"error_code":"GENERAL_ERROR","error_message":"Resource not found"}'
    }
  ])("$name has the error body of the reference", ({ line, statusLine, body }) =>
    Effect.gen(function* () {
      const simulator = yield* Simulator.make()
      const answer = yield* ask(simulator, request(line))
      assert.strictEqual(answer.statusLine, statusLine)
      assert.strictEqual(answer.body, body)
      assert.deepStrictEqual(answer.headers, jsonHead(body))
    })
  )

  it.live("an error body has its keys in the order of the reference, details nested and null among them", () =>
    Effect.gen(function* () {
      const simulator = yield* Simulator.make({
        faults: [
          {
            operation: "createSession",
            action: {
              _tag: "Error",
              status: 500,
              code: "GENERAL_ERROR",
              message: "string",
              property: "string",
              details: [null, { error_code: "DATABASE_ERROR", details: [null] }]
            }
          }
        ]
      })
      const answer = yield* ask(simulator, request(createSession))
      assert.strictEqual(answer.statusLine, "HTTP/1.1 500 Internal Server Error")
      assert.strictEqual(
        answer.body,
        '{"error_code":"GENERAL_ERROR","error_message":"string","property":"string",' +
          '"details":[null,{"error_code":"DATABASE_ERROR","details":[null]}]}'
      )
      assert.deepStrictEqual(answer.headers, jsonHead(answer.body))
    })
  )

  it.live("requests on one connection are answered one after the other, and the connection stays", () =>
    Effect.gen(function* () {
      const simulator = yield* Simulator.make()
      const kept = request("GET /nowhere").replace("Connection: close\r\n", "")
      const answer = yield* ask(simulator, kept + kept, { silence: 300 })
      assert.strictEqual(answer.ending, "silence")
      assert.lengthOf(answer.body.match(/Resource not found/g) ?? [], 2)
    })
  )
})
