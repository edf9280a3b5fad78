import { Ueba } from "@privx-kit/ueba/Ueba"
import * as SetupScript from "@privx-kit/simulator/SetupScript"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import * as SqlClient from "effect/sql/SqlClient"
import * as Activity from "effect/workflow/Activity"
import * as Workflow from "effect/workflow/Workflow"
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import { DatabaseSync, StatementSync } from "node:sqlite"
import { DataFolder } from "../../src/DataFolder.ts"
import * as Engine from "../../src/Engine.ts"
import { Setups } from "../../src/Setups.ts"
import * as Storage from "../../src/Storage.ts"

let statements = 0, commits = 0, prepares = 0
const prepare = DatabaseSync.prototype.prepare
DatabaseSync.prototype.prepare = function (sql: string, ...rest: []) { prepares++; const s = prepare.call(this, sql, ...rest); (s as any).sql_ = sql; return s }
for (const name of ["run", "all"] as const) {
  const original: any = StatementSync.prototype[name]
  ;(StatementSync.prototype as any)[name] = function (...args: any) { statements++; const q = (this as any).sql_ ?? ""; if (process.env.COUNT) counts.set(q.trim().slice(0, 60).replace(/\s+/g, " "), (counts.get(q.trim().slice(0, 60).replace(/\s+/g, " ")) ?? 0) + 1); if (/^COMMIT/i.test(q)) commits++; return original.apply(this, args) }
}
const counts = new Map<string, number>()
const N = Number(process.argv[2] ?? 300), flight = 64
const target = new URL("https://bench.example")
const script = typeof SetupScript.text === "string" ? Buffer.from(SetupScript.text as any) : Buffer.from((SetupScript as any).text())
const ueba: any = {
  createSession: Effect.succeed({ id: Redacted.make("x") }),
  configuration: Effect.never,
  openSetupScript: () => Effect.succeed({ status: 200, contentLength: script.length, contentType: "text/x-shellscript", stream: Stream.succeed(script), operation: "x", origin: target.origin, suggestedName: undefined, contentRange: undefined, strongETag: undefined, etag: undefined, lastModified: undefined, server: undefined, peer: undefined }),
}
const measure = (name: string, run: (n: number) => Effect.Effect<unknown, any, any>) => Effect.gen(function* () {
  yield* Effect.forEach(Array.from({ length: 64 }), (_, i) => run(-1 - i), { concurrency: flight, discard: true })
  statements = 0; commits = 0; prepares = 0; counts.clear()
  const t = performance.now(), c = process.cpuUsage()
  yield* Effect.forEach(Array.from({ length: N }), (_, i) => run(i), { concurrency: flight, discard: true })
  const s = (performance.now() - t) / 1000, cpu = process.cpuUsage(c)
  console.log(`${name}: ${(N / s).toFixed(0)}/s, cpu ${((cpu.user + cpu.system) / 1000 / N).toFixed(2)} ms, statements ${(statements / N).toFixed(1)}, commits ${(commits / N).toFixed(1)}, prepares ${(prepares / N).toFixed(1)}`)
  if (process.env.COUNT) for (const [q, n] of [...counts].sort((a, b) => b[1] - a[1]).slice(0, 25)) console.log(`   ${(n / N).toFixed(2)}  ${q}`)
  return N / s
})
const Bare = Workflow.make("Bare", { payload: { id: Schema.String }, idempotencyKey: ({ id }) => id, success: Schema.String })
const bareLayer = Bare.toLayer(Effect.fnUntraced(function* ({ id }) {
  for (const name of ["a", "b", "c"]) yield* Activity.make({ name, success: Schema.String, execute: Effect.succeed("ok") })
  return id
}))
const folder = () => fs.mkdtempSync(path.join(os.tmpdir(), "bench-"))
const bare = (round: number) => Effect.scoped(Effect.gen(function* () {
  const context = yield* Layer.build(bareLayer.pipe(Layer.provideMerge(Engine.layer), Layer.provide(Storage.layer), Layer.provide(DataFolder.layer(folder())), Layer.provide(Layer.succeed(SqlClient.BeginTransaction, "BEGIN IMMEDIATE")), Layer.fresh))
  return yield* measure("bare", (n) => Bare.execute({ id: `${round}-${n}` })).pipe(Effect.provideContext(context as any))
}))
const kit = Effect.scoped(Effect.gen(function* () {
  const context: any = yield* Layer.build(Setups.layer({ dataDir: folder(), target }).pipe(Layer.provide(Layer.succeed(Ueba, ueba as any))))
  return yield* measure("kit ", () => Effect.flatMap(Setups, (s) => s.run({ target, fresh: true }))).pipe(Effect.provideContext(context))
}))
const which = process.argv[3] ?? "both"
Effect.runPromise(Effect.gen(function* () {
  for (let round = 0; round < Number(process.argv[4] ?? 3); round++) {
    const b = which === "kit" ? 1 : yield* bare(round) as any
    const k = which === "bare" ? 1 : yield* kit as any
    console.log("ratio", (k / b).toFixed(2))
  }
}) as any).then(() => process.exit(0), (e) => { console.error(e); process.exit(1) })
