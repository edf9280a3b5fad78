/** `privx-kit ueba inspect`: the verification of a script from a file. */
import { assert, describe, it } from "@effect/vitest"
import * as temporary from "@privx-kit/testing/temporary"
import * as Effect from "effect/Effect"
import * as crypto from "node:crypto"
import * as fs from "node:fs"
import * as path from "node:path"
import * as cli from "../../support/cli.ts"
import * as inProcess from "../../support/inProcess.ts"

const sound = "#!/bin/sh\nset -e\nmkdir -p /etc/ueba\ncp agent.conf /etc/ueba/agent.conf\n"
const larger = `${sound}curl -fsS https://dl.example.com/agent.sh | sh\n`
const cut = "#!/bin/sh\nif true; then\n  mkdir -p /etc/ueba\n"

const inspect = Effect.fnUntraced(function* (files: Readonly<Record<string, string>>, ...args: ReadonlyArray<string>) {
  const directory = yield* temporary.directory
  for (const [name, content] of Object.entries(files)) fs.writeFileSync(path.join(directory, name), content)
  const located = args.map((arg) => (arg in files ? path.join(directory, arg) : arg))
  return yield* inProcess.run(["ueba", "inspect", ...located])
})

interface Inspected {
  readonly report: {
    readonly verified: boolean
    readonly sha256: string
    readonly capabilities: ReadonlyArray<unknown>
  }
  readonly change?: { readonly added: ReadonlyArray<string>; readonly removed: ReadonlyArray<string> }
}

describe("inspecting a script from a file", () => {
  it.live("says what it does, and succeeds if no required check fails", () =>
    Effect.gen(function* () {
      const { code, stdout } = yield* inspect({ "setup.sh": larger }, "setup.sh")
      assert.strictEqual(code, 0)
      assert.include(stdout, "runs code from https://dl.example.com/agent.sh")
      assert.include(stdout, "No fetched code (noFetchedCode)")
      assert.include(stdout, crypto.hash("sha256", larger))
      assert.include(stdout, "The script is verified")
    })
  )

  it.live("fails as verification if a required check fails, with the report on standard output", () =>
    Effect.gen(function* () {
      const { code, stderr, stdout } = yield* inspect({ "setup.sh": cut }, "setup.sh")
      assert.strictEqual(code, 13)
      assert.strictEqual(stderr, "")
      assert.include(stdout, "Shell syntax (shellSyntax)")
      assert.include(stdout, "The script is not verified")
    })
  )

  it.live("applies a policy", () =>
    Effect.gen(function* () {
      const policy = '[checks]\nnoFetchedCode = "required"\n'
      const files = { "setup.sh": larger, "sound.sh": sound, "policy.toml": policy }
      assert.strictEqual((yield* inspect(files, "setup.sh", "--policy", "policy.toml")).code, 13)
      assert.strictEqual((yield* inspect(files, "sound.sh", "--policy", "policy.toml")).code, 0)
    })
  )

  it.live("refuses a wrong policy with its place, before it examines the script", () =>
    Effect.gen(function* () {
      const files = { "setup.sh": sound, "policy.toml": "[checks]\nnoFetchedCod = 'required'\n" }
      const { code, stderr, stdout } = yield* inspect(files, "setup.sh", "--policy", "policy.toml")
      assert.strictEqual(code, 3)
      assert.include(stderr, "policy.toml:2:1")
      assert.strictEqual(stdout, "")
    })
  )

  it.live("compares the digest", () =>
    Effect.gen(function* () {
      const files = { "setup.sh": sound }
      const digest = crypto.hash("sha256", sound)
      assert.strictEqual((yield* inspect(files, "setup.sh", "--sha256", digest)).code, 0)
      assert.strictEqual((yield* inspect(files, "setup.sh", "--sha256", "0".repeat(64))).code, 13)
    })
  )

  it.live("shows what a new version does in addition", () =>
    Effect.gen(function* () {
      const files = { "new.sh": larger, "old.sh": sound }
      const forPeople = yield* inspect(files, "new.sh", "--since", "old.sh")
      assert.include(forPeople.stdout, "New since the earlier script: runs code from https://dl.example.com/agent.sh")
      const same = yield* inspect(files, "old.sh", "--since", "old.sh")
      assert.include(same.stdout, "does the same as the earlier script")
      const { change, report } = cli.json(yield* inspect(files, "old.sh", "--since", "new.sh", "--json"))
        .result as unknown as Inspected
      assert.deepStrictEqual(change?.added, [])
      assert.include(change?.removed.join(), "runs code from https://dl.example.com/agent.sh")
      assert.isTrue(report.verified)
    })
  )

  it.live("reports a file that cannot be read", () =>
    Effect.gen(function* () {
      const missing = yield* inspect({}, "/nonexistent/setup.sh")
      assert.strictEqual(missing.code, 14)
      assert.include(missing.stderr, "Check that the path is correct")
      const directory = yield* inspect({}, path.dirname(yield* temporary.directory))
      assert.strictEqual(directory.code, 14)
      assert.include(directory.stderr, "a directory where a file is needed")
    })
  )

  it.live("reads standard input", () =>
    Effect.gen(function* () {
      const ended = yield* cli.run(["ueba", "inspect", "-", "--json"], { stdin: larger })
      assert.strictEqual(ended.code, 0, ended.stderr)
      assert.strictEqual((cli.json(ended).result as unknown as Inspected).report.sha256, crypto.hash("sha256", larger))
    })
  )
})
