import { describe, expect, it } from "vitest"
import { Child } from "../src/Child.ts"
import * as body from "../src/errors/body.ts"
import { decoders, names as decoderNames } from "../src/errors/decoders.ts"
import * as clients from "../src/requests/clients.ts"
import { thing } from "../src/requests/thing.ts"

describe("what is compared", () => {
  it("gets the same thing from the same server with every client", { timeout: 60_000 }, async () => {
    const server = Child.start<"listen", string>(new URL("../src/requests/server.ts", import.meta.url))
    try {
      const base = await server.ask("listen")
      for (const name of clients.names) {
        const client = await clients.make(name, base)
        expect({ name, answer: await client.once("42") }).toEqual({ name, answer: thing })
      }
    } finally {
      await server.stop()
    }
  })

  it("reads the same error body with every decoder", async () => {
    const bytes = body.withBranches(3)
    for (const name of decoderNames) {
      const decode = await decoders[name]()
      // The branches and one `null`.
      expect({ name, count: decode(bytes) }).toEqual({ name, count: 4 })
    }
  })
})
