/**
 * Runs the official SDKs of PrivX on the simulator, over TLS: every UEBA call of the Python SDK and of the Go SDK, in each way to
 * log in that it has. Their sources are not part of this repository; get them and say where they are:
 *
 *     git clone https://github.com/SSHcom/privx-sdk-for-python /somewhere/python
 *     git clone https://github.com/SSHcom/privx-sdk-go /somewhere/go
 *     pnpm peers --python /somewhere/python --go /somewhere/go
 *
 * Python 3 must be on the PATH for the first, Go for the second, which also needs a module proxy for one dependency of the SDK. An
 * SDK that is not named is reported as skipped, and does not count as passed; without any the script ends with 2.
 */
import { Simulator } from "@privx-kit/simulator/Simulator"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { execFile } from "node:child_process"
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import { parseArgs } from "node:util"

const programs = path.join(import.meta.dirname, "../programs")

interface Ran {
  readonly problem: string | undefined
  readonly output: string
}

const run = (command: string, args: ReadonlyArray<string>, cwd: string, env: Readonly<Record<string, string>>) =>
  Effect.callback<Ran>((resume) => {
    execFile(command, args, { cwd, env: { ...process.env, ...env }, timeout: 300_000 }, (error, stdout, stderr) =>
      resume(
        Effect.succeed({ problem: error === null ? undefined : error.message, output: `${stdout}${stderr}`.trim() })
      )
    )
  })

/** A simulator, and what an SDK needs to know to use it. */
const privx = Effect.fnUntraced(function* (directory: string) {
  const simulator = yield* Simulator.make({ tls: true, trainingDuration: 0, nodes: 3 })
  const ca = path.join(directory, "ca.pem")
  fs.writeFileSync(ca, simulator.ca.join(""))
  const { apiClient } = simulator
  const environment = {
    PRIVX_HOST: "127.0.0.1",
    PRIVX_PORT: simulator.url.port,
    PRIVX_API_BASE_URL: simulator.url.origin,
    PRIVX_CA_FILE: ca,
    // What Go trusts.
    SSL_CERT_FILE: ca,
    PRIVX_SCRIPT_FILE: path.join(directory, "script.sh"),
    PRIVX_API_CLIENT_ID: apiClient.clientId,
    PRIVX_API_CLIENT_SECRET: Redacted.value(apiClient.clientSecret),
    PRIVX_API_OAUTH_CLIENT_ID: apiClient.oauthClientId,
    PRIVX_API_OAUTH_CLIENT_SECRET: Redacted.value(apiClient.oauthClientSecret)
  }
  return { simulator, environment }
})

const python = Effect.fnUntraced(function* (sdk: string, directory: string) {
  const { environment } = yield* privx(directory)
  return [
    {
      name: "Python SDK, API client",
      ran: yield* run("python3", [path.join(programs, "sdk.py")], directory, { ...environment, PYTHONPATH: sdk })
    }
  ]
})

const go = Effect.fnUntraced(function* (sdk: string, directory: string) {
  fs.copyFileSync(path.join(programs, "sdk.go.txt"), path.join(directory, "main.go"))
  fs.writeFileSync(
    path.join(directory, "go.mod"),
    "module peer\n\ngo 1.18\n\nrequire github.com/SSHcom/privx-sdk-go/v2 v2.0.0\n\n" +
      `replace github.com/SSHcom/privx-sdk-go/v2 => ${sdk}\n`
  )
  const built = yield* run("go", ["build", "-mod=mod", "-o", "peer", "."], directory, {})
  if (built.problem !== undefined) return [{ name: "Go SDK", ran: built }]
  const binary = path.join(directory, "peer")
  const logins = [
    { name: "Go SDK, API client", more: () => ({ PRIVX_LOGIN: "client" }) },
    {
      name: "Go SDK, user name and password",
      more: ({ user }: Simulator["Service"]) => ({
        PRIVX_LOGIN: "code",
        PRIVX_API_CLIENT_ID: user.username,
        PRIVX_API_CLIENT_SECRET: Redacted.value(user.password)
      })
    },
    {
      name: "Go SDK, token exchange",
      more: ({ exchangeToken }: Simulator["Service"]) => ({
        PRIVX_LOGIN: "exchange",
        PRIVX_EXCHANGE_TOKEN: Redacted.value(exchangeToken),
        PRIVX_EXCHANGE_SCOPE: "privx-user"
      })
    }
  ]
  return yield* Effect.forEach(logins, ({ more, name }) =>
    Effect.scoped(
      Effect.gen(function* () {
        const { environment, simulator } = yield* privx(directory)
        return { name, ran: yield* run(binary, [], directory, { ...environment, ...more(simulator) }) }
      })
    )
  )
})

const say = (line: string): void => void process.stdout.write(`${line}\n`)

const program = Effect.gen(function* () {
  const { values } = parseArgs({
    args: process.argv.slice(2).filter((arg) => arg !== "--"),
    options: { python: { type: "string" }, go: { type: "string" } }
  })
  let passed = 0
  let failed = 0
  for (const [name, sdk, peer] of [
    ["Python SDK", values.python, python],
    ["Go SDK", values.go, go]
  ] as const) {
    if (sdk === undefined) {
      say(`skipped ${name}: its sources are not named; the head of conformance/src/peers.ts says how`)
      continue
    }
    const directory = fs.mkdtempSync(path.join(os.tmpdir(), "privx-kit-peers-"))
    const results = yield* Effect.scoped(peer(path.resolve(sdk), directory))
    fs.rmSync(directory, { recursive: true, force: true })
    for (const { name, ran } of results) {
      if (ran.problem === undefined) passed++
      else failed++
      say(`${ran.problem === undefined ? "ok     " : "FAILED "} ${name}: ${ran.problem ?? ran.output}`)
      if (ran.problem !== undefined) say(ran.output.replace(/^/gm, "        "))
    }
  }
  say(`${passed} passed, ${failed} failed`)
  if (failed > 0) process.exitCode = 1
  else if (passed === 0) process.exitCode = 2
})

await Effect.runPromise(Effect.scoped(program))
