/** A server on one machine with a simulated PrivX, and requests to it from a plain HTTP client. */
import { assert } from "@effect/vitest"
import type { Options as SimulatorOptions } from "@privx-kit/simulator/Simulator"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Context from "effect/Context"
import * as fs from "node:fs"
import * as http from "node:http"
import * as path from "node:path"
import * as EmbeddedStorage from "../../src/server/EmbeddedStorage.ts"
import type { Domains } from "../../src/domain/Domains.ts"
import type { Role } from "../../src/server/Role.ts"
import { type Options, Server, type ServerStorage } from "../../src/server/Server.ts"
import { TokenFile } from "../../src/server/TokenFile.ts"
import * as Tokens from "../../src/server/Tokens.ts"
import { nameOf, PrivxHosts } from "@privx-kit/settings/PrivxHosts"
import type { Ended } from "./cli.ts"
import * as inProcess from "./inProcess.ts"
import * as privx from "./privx.ts"
import { place, type PrivX } from "./setups.ts"

export interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  /** `undefined` if the body is not JSON. */
  readonly json: ReturnType<typeof JSON.parse>
}

/** Creates a file with a token for each role; returns the tokens. */
export const tokens = (file: string, roles: Readonly<Record<string, Role>>) => {
  const issued = Object.entries(roles).map(([name, role]) => [name, Tokens.issue(name, role)] as const)
  fs.writeFileSync(file, issued.map(([, { entry }]) => entry).join("\n"), { mode: 0o600 })
  const byName = new Map(issued.map(([name, { token }]) => [name, Redacted.value(token)]))
  return (name: string): string => byName.get(name) ?? `no token of ${name}`
}

type Bounds = Partial<Omit<Options, "targets">> & {
  /** No token is required. */
  readonly open?: boolean
  readonly port?: number
  /** Default: those of the program. */
  readonly domains?: Layer.Layer<Domains>
  /** The existing tokens of the file, for a server that starts again. */
  readonly tokenOf?: (name: string) => string
}

/** A server on one machine. */
export const start = Effect.fnUntraced(function* (
  options: Bounds & {
    readonly simulator?: SimulatorOptions
    /** The directory of an earlier server. */
    readonly resumed?: { readonly simulator: PrivX; readonly dataDir: string }
    readonly concurrency?: number
    /** Default: a new directory. */
    readonly dataDir?: string
    /** Services for the process that executes the runs. */
    readonly around?: Layer.Layer<never>
  } = {}
) {
  const { around = Layer.empty, concurrency = 4, dataDir: _, resumed, simulator: simulated, ...rest } = options
  const simulator = resumed?.simulator ?? (yield* privx.start(simulated))
  const dataDir = resumed?.dataDir ?? options.dataDir ?? (yield* place).dataDir
  const storage = EmbeddedStorage.layer({ dataDir, concurrency }).pipe(
    Layer.provide(PrivxHosts.single(simulator.url)),
    Layer.provide(privx.client(simulator)),
    Layer.provide(privx.patience),
    Layer.provide(around)
  )
  const tokenFile = path.join(path.dirname(dataDir), "tokens.toml")
  const server = yield* on(storage, { ...rest, target: nameOf(simulator.url), tokenFile })
  return { ...server, simulator, dataDir }
})

/** A server with the given storage. */
export const on = Effect.fnUntraced(function* <E>(
  storage: Layer.Layer<ServerStorage, E, Domains>,
  options: Bounds & { readonly target: string; readonly tokenFile: string }
) {
  const { domains = privx.domains, open = false, target, tokenFile, ...rest } = options
  const tokenOf =
    options.tokenOf ??
    tokens(tokenFile, { viewer: "viewer", operator: "operator", approver: "approver", admin: "admin" })
  const context = yield* Layer.build(
    Server.layer({ host: "127.0.0.1", port: 0, targets: [target], interval: "20 millis", ...rest }).pipe(
      Layer.provide(storage),
      Layer.provide(domains),
      Layer.provide(open ? TokenFile.layerNone : TokenFile.layer(tokenFile))
    )
  )
  const { url } = Context.get(context, Server)

  const ask = (
    method: string,
    where: string,
    request: {
      readonly as?: string
      readonly token?: string
      readonly body?: unknown
      readonly headers?: Record<string, string>
    } = {}
  ): Effect.Effect<Answer> =>
    Effect.promise(async (signal) => {
      const token = request.token ?? (request.as === undefined ? undefined : tokenOf(request.as))
      const response = await fetch(new URL(where, url), {
        method,
        signal,
        headers: {
          ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
          ...(request.body === undefined ? {} : { "content-type": "application/json" }),
          ...request.headers
        },
        ...(request.body === undefined
          ? {}
          : { body: typeof request.body === "string" ? request.body : JSON.stringify(request.body) })
      })
      const text = await response.text()
      return { status: response.status, headers: response.headers, text, json: parsed(text) }
    })

  const submit = (body: unknown = {}, as = "operator", headers: Record<string, string> = {}) =>
    Effect.map(ask("POST", "/api/v1/runs", { as, body, headers }), (answer) => {
      assert.strictEqual(answer.status, 202, answer.text)
      return answer.json as { readonly created: boolean; readonly run: { readonly id: string } }
    })

  /** Approves or rejects the current script of the run. */
  const decide = (id: string, as: string, options: { readonly reject?: boolean; readonly comment?: string } = {}) =>
    Effect.gen(function* () {
      const { reject = false, ...comment } = options
      const { json } = yield* ask("GET", `/api/v1/runs/${id}`, { as })
      const body = { sha256: json.sha256, attempt: json.attempt, ...comment }
      return yield* ask("POST", `/api/v1/runs/${id}/${reject ? "reject" : "approve"}`, { as, body })
    })

  /** Waits until the run has the status. */
  const reached = (id: string, status: string, as = "viewer") =>
    ask("GET", `/api/v1/runs/${id}`, { as }).pipe(
      Effect.delay("20 millis"),
      Effect.repeat({ until: (answer) => answer.json.status === status }),
      Effect.map((answer) => answer.json),
      Effect.timeoutOrElse({ duration: "90 seconds", orElse: () => Effect.die(new Error(`${id} never was ${status}`)) })
    )

  /** The data of a stream, until it ends or `until` returns `true`. */
  const events = (
    id: string,
    options: {
      readonly as?: string
      readonly seen?: string
      readonly until?: (text: string) => boolean
      readonly onText?: (text: string) => void
    } = {}
  ) =>
    Effect.callback<{ readonly status: number; readonly text: string }>((resume) => {
      const request = http.get(new URL(`/api/v1/runs/${id}/events`, url), {
        headers: {
          authorization: `Bearer ${tokenOf(options.as ?? "viewer")}`,
          ...(options.seen === undefined ? {} : { "last-event-id": options.seen })
        }
      })
      request.on("error", () => {})
      request.on("response", (response) => {
        let text = ""
        const end = () => {
          resume(Effect.succeed({ status: response.statusCode ?? 0, text }))
          request.destroy()
        }
        response.setEncoding("utf8").on("data", (piece: string) => {
          text += piece
          options.onText?.(text)
          if (options.until?.(text) === true) end()
        })
        response.on("close", end)
      })
      return Effect.sync(() => request.destroy())
    })

  /** With headers that `fetch` does not allow. */
  const get = (where: string, headers: Readonly<Record<string, string>>) =>
    Effect.promise(
      () =>
        new Promise<{ readonly status: number }>((resolve, reject) => {
          http
            .get(new URL(where, url), { headers }, (response) => resolve({ status: response.resume().statusCode ?? 0 }))
            .on("error", reject)
        })
    )

  return { get, url, target, tokenFile, tokenOf, ask, submit, decide, reached, events }
})

/**
 * The command line within the process of the test, with these environment variables. Calls run one after another, because
 * a process has only one environment.
 */
export const cli = (env: Readonly<Record<string, string>>, ...args: ReadonlyArray<string>): Effect.Effect<Ended> =>
  cliWith(env, {}, args)

/** The same, with a person who acts while the command runs. */
export const cliWith = (
  env: Readonly<Record<string, string>>,
  options: Parameters<typeof inProcess.run>[1],
  args: ReadonlyArray<string>
): Effect.Effect<Ended> =>
  Effect.acquireUseRelease(
    Effect.sync(() => {
      const before = { ...process.env }
      for (const name of Object.keys(before)) if (name.startsWith("PRIVX_")) Reflect.deleteProperty(process.env, name)
      Object.assign(process.env, env)
      return before
    }),
    () => inProcess.run(args, options),
    (before) =>
      Effect.sync(() => {
        for (const name of Object.keys(env)) Reflect.deleteProperty(process.env, name)
        Object.assign(process.env, before)
      })
  )

/** The events of a stream, each with id and run. */
export const parseEvents = (text: string) =>
  [...text.matchAll(/^id: (.*)\nevent: run\ndata: (.*)\n$/gm)].map(([, id = "", data = ""]) => ({
    id,
    run: JSON.parse(data)
  }))

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
