/**
 * What a program pays for what it imports: each entry is bundled, minified and compressed, and has a budget and packages that
 * must not be in it. The budgets are a tenth above what was measured when they were set: what grows beyond says why it may.
 */
import { isBuiltin } from "node:module"
import * as path from "node:path"
import * as zlib from "node:zlib"
import { type OutputChunk, rolldown } from "rolldown"
import { Checks } from "./checks.ts"

const root = path.join(import.meta.dirname, "..")

interface Entry {
  readonly name: string
  readonly code: string
  /** Kilobytes (1,000 bytes) with gzip. */
  readonly budget: number
  /** Packages, or modules of a package, that the entry has no use for. */
  readonly without: ReadonlyArray<string>
  /** Where it runs, without anything of Node before it asks for that. Default: Node. */
  readonly platform?: "browser"
}

/** Schemas of Effect know headers and cookies: those are no stack. */
const http = ["undici", "effect/dist/http/HttpClient.js", "effect/dist/http-api/", "@privx-kit/http"]

/** What the Promise client does, as a program with Effect would say it. */
const withEffect = `
export { Connection, TokenProvider, Transport } from "@privx-kit/http"
export { KeepAlive, keepAlive, Playback } from "@privx-kit/playback"
export { Setup, Ueba } from "@privx-kit/ueba"
export * as ClientCredentials from "@privx-kit/http/ClientCredentials"
export * as TokenExchange from "@privx-kit/http/TokenExchange"
export * as Effect from "effect/Effect"
export * as ManagedRuntime from "effect/ManagedRuntime"
`

const entries: ReadonlyArray<Entry> = [
  {
    name: "core: the failures",
    code: 'export { ApiError } from "@privx-kit/core"',
    budget: 30,
    without: [...http, "unbash"]
  },
  {
    name: "ueba: verification alone",
    code: 'export { verifySetupScript } from "@privx-kit/ueba"',
    budget: 195,
    without: http
  },
  {
    name: "ueba: the operations",
    code: 'export { Ueba } from "@privx-kit/ueba"',
    budget: 382,
    without: ["unbash", "ioredis", "redis"]
  },
  {
    name: "playback: keep-alive",
    code: 'export { KeepAlive, keepAlive, Playback } from "@privx-kit/playback"',
    budget: 378,
    without: ["unbash", "ioredis", "redis"]
  },
  {
    name: "simulator",
    code: 'export { startSimulator } from "@privx-kit/simulator"',
    budget: 253,
    without: ["ioredis", "redis", "undici"]
  },
  { name: "the client with Effect", code: withEffect, budget: 560, without: ["ioredis", "redis"] },
  {
    name: "the client with promises",
    code: 'export { Privx } from "@privx-kit/client"',
    budget: 558,
    without: ["ioredis", "redis"]
  },
  {
    name: "the client with promises, in a browser",
    code: 'export { Privx } from "@privx-kit/client"',
    budget: 126,
    without: ["undici", "socks"],
    platform: "browser"
  }
]

/** The chunks that a program loads when it starts, without those that it loads when it asks for them. */
const loadedAtStart = (chunks: ReadonlyArray<OutputChunk>): ReadonlyArray<OutputChunk> => {
  const loaded = new Set<string>()
  const load = (name: string): void => {
    if (loaded.has(name)) return
    loaded.add(name)
    for (const next of chunks.find(({ fileName }) => fileName === name)?.imports ?? []) load(next)
  }
  for (const { fileName, isEntry } of chunks) if (isEntry) load(fileName)
  return chunks.filter(({ fileName }) => loaded.has(fileName))
}

const measure = async ({ code, platform }: Entry) => {
  const build = await rolldown({
    input: "entry",
    platform: platform ?? "node",
    logLevel: "silent",
    resolve: { conditionNames: ["@privx-kit/source", platform ?? "node", "import", "default"] },
    plugins: [
      {
        name: "entry",
        resolveId: (id) => (id === "entry" ? path.join(root, "examples/entry.ts") : undefined),
        load: (id) => (id.endsWith("examples/entry.ts") ? code : undefined)
      }
    ]
  })
  const { output } = await build.generate({ format: "esm", minify: true })
  await build.close()
  const all = output.filter((file) => file.type === "chunk")
  // In a browser, a setup (which writes files) is never asked for.
  const chunks = platform === undefined ? all : loadedAtStart(all)
  const text = chunks.map((chunk) => chunk.code).join("\n")
  const modules = chunks.flatMap((chunk) =>
    Object.entries(chunk.modules).flatMap(([id, { renderedLength }]) => (renderedLength > 0 ? [id] : []))
  )
  const ofNode =
    platform === undefined ? [] : chunks.flatMap(({ imports }) => imports.filter((name) => isBuiltin(name)))
  return { kilobytes: zlib.gzipSync(text, { level: 9 }).byteLength / 1000, modules, ofNode }
}

/** Sources of the workspace are recognized by their directory, installed packages by their path. */
const isOf = (module: string, name: string): boolean =>
  module.includes(`/node_modules/${name}${/[/]$|[.]js$/.test(name) ? "" : "/"}`) ||
  module.includes(`/${name.replace("@privx-kit/", "packages/")}/src/`)

if (import.meta.main) {
  const checks = new Checks()
  const sizes = new Map<string, number>()
  for (const entry of entries) {
    const { kilobytes, modules, ofNode } = await measure(entry)
    sizes.set(entry.name, kilobytes)
    const unwanted = entry.without.flatMap((name) => modules.filter((module) => isOf(module, name)).slice(0, 3))
    checks.check(`${entry.name}: ${kilobytes.toFixed(1)} kB of at most ${entry.budget} kB`, [
      ...ofNode.map((name) => `${name} is not there in a browser`),
      ...(kilobytes > entry.budget ? ["The bundle is too large."] : []),
      ...unwanted.map((module) => `${path.relative(root, module)} does not belong there`)
    ])
  }
  const ratio = (sizes.get("the client with promises") ?? 0) / (sizes.get("the client with Effect") ?? 1)
  const tooLarge = ratio > 1.15 ? ["It is too large."] : []
  checks.check(`the client with promises is ${ratio.toFixed(3)} times the one with Effect, at most 1.15`, tooLarge)
  checks.end()
}
