/** Fleet files that are made to cost much: what is wrong with them is found before the time runs out. */
import { assert, describe, it } from "@effect/vitest"
import * as TrustAnchors from "@privx-kit/settings/TrustAnchors"
import * as temporary from "@privx-kit/testing/temporary"
import * as Effect from "effect/Effect"
import * as fs from "node:fs"
import * as path from "node:path"
import * as FleetFile from "../src/fleet/FleetFile.ts"

/** What is wrong with a file, as `path problem`. */
const problems = Effect.fnUntraced(function* (text: string) {
  const file = path.join(yield* temporary.directory, "fleet.yaml")
  fs.writeFileSync(file, text)
  const failure = yield* Effect.flip(FleetFile.read(file, { environment: {}, home: "/nonexistent" }))
  return failure.problems.map(({ problem, setting }) => `${setting.replace(/^.*?:\d+:\d+ ?/, "")} ${problem}`)
})

describe("a fleet file", () => {
  // Everyone with a token can send such texts to a server.
  it.live(
    "is refused within seconds when it is made to cost much",
    () =>
      Effect.gen(function* () {
        const keys = (count: number, suffix = "") =>
          Array.from({ length: count }, (_, index) => `    k${index}${suffix}: 1\n`).join("")
        const first = (text: string) => Effect.map(problems(text), ([first = ""]) => first)
        assert.match(
          yield* first(`version: 1\nname: a\ndefaults: &a\n${keys(1500)}hosts:\n${"  - {<<: *a}\n".repeat(1500)}`),
          /merges too much with <</
        )
        assert.match(
          yield* first(`version: 1\nname: a\nhosts:\n  - &a\n${keys(2000)}${"  - *a\n".repeat(2000)}`),
          /hosts\[0\]\.k0 is not a known field/
        )
        assert.match(
          yield* first(`version: 1\nname: a\nhosts:\n  - name: a\n${keys(30_000)}`),
          /k0 is not a known field/
        )
        assert.match(
          yield* first(`version: 1\nname: a\nhosts:\n  - name: a\n${keys(30_000, "_token")}`),
          /k0_token is a secret/
        )
        assert.match(
          yield* first(`{"version":1,"name":"a","hosts":${"[".repeat(50_000)}${"]".repeat(50_000)}}`),
          /must be object|is nested too deeply/
        )
        assert.match(yield* first(`version: 1\nname: "a://${":".repeat(500_000)}"\nhosts: []`), /name must be 1 to 63/)
        const { problems: found } = TrustAnchors.parse("-----BEGIN CERTIFICATE-----".repeat(50_000), "ca.pem")
        assert.strictEqual(found[0]?.problem, "contains no PEM certificate")
      }),
    20_000
  )
})
