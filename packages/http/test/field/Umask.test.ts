/** Field condition: a umask that removes every permission. */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { execFileSync } from "node:child_process"
import * as fs from "node:fs/promises"
import * as os from "node:os"
import * as path from "node:path"

const program = `
  import * as DurableFile from "@privx-kit/files/DurableFile"
  import * as Effect from "effect/Effect"
  const [directory] = process.argv.slice(1)
  process.umask(0o777)
  await Effect.runPromise(Effect.gen(function* () {
    yield* DurableFile.makeDirectory(directory + "/a/b")
    yield* DurableFile.write(directory + "/a/b/manifest.json", Buffer.from("{}"), { owner: "x" })
    yield* DurableFile.write(directory + "/a/b/key.pem", Buffer.from("x"), { owner: "x", mode: 0o644 })
  }))
`

describe("umask 777", () => {
  it.live("leaves the owner the rights that files and directories are made with", () =>
    Effect.gen(function* () {
      const directory = yield* Effect.acquireRelease(
        Effect.promise(() => fs.mkdtemp(path.join(os.tmpdir(), "privx-kit-umask-"))),
        (directory) => Effect.promise(() => fs.rm(directory, { recursive: true, force: true }))
      )
      execFileSync(
        process.execPath,
        ["--conditions=@privx-kit/source", "--input-type=module", "--eval", program, directory],
        { cwd: new URL("../..", import.meta.url) }
      )
      const modeOf = (name: string) =>
        Effect.promise(async () => ((await fs.stat(path.join(directory, name))).mode & 0o777).toString(8))
      assert.strictEqual(yield* modeOf("a"), "700")
      assert.strictEqual(yield* modeOf("a/b"), "700")
      assert.strictEqual(yield* modeOf("a/b/manifest.json"), "600")
      assert.strictEqual(yield* modeOf("a/b/key.pem"), "600")
    })
  )
})
