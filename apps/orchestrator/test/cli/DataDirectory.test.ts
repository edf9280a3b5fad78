/** A data directory that other users can change: no command reads from it or writes to it. */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as fs from "node:fs"
import * as path from "node:path"
import * as cli from "../support/cli.ts"
import * as inProcess from "../support/inProcess.ts"
import * as simulated from "../support/simulated.ts"
import * as temporary from "@privx-kit/testing/temporary"

describe("a data directory that other users can change", () => {
  it.live("is refused by every command, and doctor says what is wrong", () =>
    Effect.gen(function* () {
      const { config, home, simulator } = yield* simulated.start()
      const data = path.join(home, "data")
      const out = path.join(home, "out")
      const at = (...args: ReadonlyArray<string>) => inProcess.run([...args, "--data-dir", data])
      const setup = at("ueba", "setup", "--config", config, "--output", out)
      assert.strictEqual((yield* setup).code, 0)
      const before = temporary.filesBelow(data)
      const requests = (yield* simulator.requests).length
      const script = path.join(out, "privx-ueba-setup.sh")
      const digest = simulator.scriptSha256.slice(0, 12)

      fs.chmodSync(data, 0o1777)
      for (const args of [
        ["ueba", "setup", "--config", config, "--new"],
        ["runs", "list"],
        ["runs", "reindex"],
        ["artifacts", "list"],
        ["artifacts", "show", digest],
        ["artifacts", "export", digest, path.join(home, "copy.sh")],
        ["artifacts", "prune", "--older-than", "1d"],
        ["verify", script]
      ]) {
        const ended = yield* at(...args)
        assert.strictEqual(ended.code, 14, `${args.join(" ")}: ${ended.stderr}`)
        assert.include(ended.stderr, "can be written by other users (mode 1777)", args.join(" "))
      }
      assert.deepStrictEqual(temporary.filesBelow(data), before)
      assert.strictEqual((yield* simulator.requests).length, requests, "nothing was asked of PrivX")

      const doctor = yield* at("doctor", "--json", "--config", config)
      assert.strictEqual(doctor.code, 14, doctor.stdout)
      const { checks } = cli.json(doctor).result as {
        readonly checks: ReadonlyArray<Readonly<Record<string, unknown>>>
      }
      assert.deepInclude(checks.find((check) => check["name"] === "data directory") ?? {}, {
        outcome: "failed",
        detail: `The data directory ${data} cannot be used: other users can change its content (${data} can be written by other users (mode 1777)).`
      })

      fs.chmodSync(data, 0o700)
      fs.chmodSync(path.join(data, "keys", "attestation.pub.pem"), 0o666)
      const forged = yield* at("verify", script)
      assert.strictEqual(forged.code, 14)
      assert.include(forged.stderr, "keys/attestation.pub.pem could not be used: it can be written by other users")
    })
  )
})
