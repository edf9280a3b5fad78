/** The page on a server that shares a Postgres database with a worker. */
import { describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as path from "node:path"
import { nameOf } from "@privx-kit/settings/PrivxHosts"
import * as temporary from "@privx-kit/testing/temporary"
import * as support from "../postgres/support.ts"
import * as SharedStorage from "../src/server/SharedStorage.ts"
import * as ClusterWorker from "../src/worker/ClusterWorker.ts"
import * as privx from "../test/support/privx.ts"
import * as served from "../test/support/served.ts"
import { browser } from "./chromium.ts"
import * as flows from "./flows.ts"

const open = browser()
const database = support.server()

const started = Effect.gen(function* () {
  const simulator = yield* privx.start()
  const url = yield* support.database(database())
  const directory = yield* temporary.directory
  const server = yield* served.on(SharedStorage.layer({ url, maxConnections: 4 }), {
    target: nameOf(simulator.url),
    tokenFile: path.join(directory, "tokens.toml")
  })
  const context = yield* Layer.build(support.worker(simulator, url, path.join(directory, "keys")))
  yield* ClusterWorker.work({ concurrency: 8 }).pipe(Effect.provideContext(context), Effect.forkScoped)
  return server
})

describe("the page on Postgres", () => {
  it.live("lets people approve, reject, cancel and retry runs that a worker executes", () =>
    Effect.gen(function* () {
      const server = yield* started
      yield* flows.approves(server, open)
      yield* flows.rejects(server, open)
      yield* flows.cancels(server, open)
    })
  )
})
