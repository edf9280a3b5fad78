/** A simulated PrivX over HTTPS, and the environment with which the command line connects to it. */
import { type Options, Simulator } from "@privx-kit/simulator/Simulator"
import { assert } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as fs from "node:fs"
import * as path from "node:path"
import type { Ended } from "./cli.ts"
import * as temporary from "@privx-kit/testing/temporary"

export const start = Effect.fnUntraced(function* (options: Options = {}) {
  const simulator = yield* Effect.orDie(Simulator.make({ tls: true, ...options }))
  const home = yield* temporary.directory
  const caFile = path.join(home, "ca.pem")
  fs.writeFileSync(caFile, simulator.ca.join(""))
  const { clientId, clientSecret, oauthClientSecret } = simulator.apiClient
  const env = {
    HOME: home,
    PRIVX_API_BASE_URL: simulator.url.origin,
    PRIVX_API_CA_FILE: caFile,
    PRIVX_API_CLIENT_ID: clientId,
    PRIVX_API_CLIENT_SECRET: Redacted.value(clientSecret),
    PRIVX_API_OAUTH_CLIENT_SECRET: Redacted.value(oauthClientSecret)
  }
  const config = path.join(home, "privx.toml")
  fs.writeFileSync(
    config,
    [
      "[api]",
      `base_url = "${simulator.url.origin}"`,
      `api_ca_crt = """${simulator.ca.join("")}"""`,
      "[auth]",
      `api_client_id = "${clientId}"`,
      `api_client_secret = "${Redacted.value(clientSecret)}"`,
      `oauth_client_secret = "${Redacted.value(oauthClientSecret)}"`
    ].join("\n"),
    { mode: 0o600 }
  )
  return {
    simulator,
    home,
    env,
    /** The same as a TOML file. */
    config,
    /** Waits until an operation was requested. */
    asked: (operation: string) =>
      simulator.requests.pipe(
        Effect.delay("10 millis"),
        Effect.repeat({ until: (requests) => requests.some((request) => request.operation === operation) })
      ),
    /** No output may contain a secret of this PrivX: secrets of clients, tokens, session ids. */
    assertNoSecretIn: (...outputs: ReadonlyArray<Ended | string>) =>
      Effect.map(simulator.requests, (requests) => {
        const secrets = [
          Redacted.value(clientSecret),
          Redacted.value(oauthClientSecret),
          ...requests.flatMap(({ token }) => (token === undefined ? [] : [Redacted.value(token)])),
          ...requests.flatMap(({ target, template }) =>
            template?.includes(":session_id") === true ? sessionIds(Redacted.value(target)) : []
          )
        ]
        const text = outputs
          .map((output) => (typeof output === "string" ? output : output.stdout + output.stderr))
          .join("\n")
        for (const secret of secrets) assert.notInclude(text, secret)
      })
  }
})

/** The long segments of a path, which are ids and never part of an endpoint name. */
const sessionIds = (target: string): ReadonlyArray<string> =>
  target.split(/[/?]/).filter((segment) => segment.length >= 30)
