/** Malicious and mistaken fleet submissions: nothing is recorded, and nothing breaks. */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as fs from "node:fs"
import * as path from "node:path"
import * as tls from "node:tls"
import * as FleetSubmission from "../../src/server/FleetSubmission.ts"
import type { FleetBody } from "../../src/server/FleetApi.ts"
import * as RemoteFleet from "../../src/client/RemoteFleet.ts"
import * as Demands from "../../src/setup/Demands.ts"
import * as temporary from "@privx-kit/testing/temporary"

const serving = {
  targets: [],
  fleetHosts: { hosts: ["*.example.com"], insecureHttp: false },
  minimum: Demands.none
}

/** The first problem. */
const problem = (body: FleetBody) =>
  FleetSubmission.read(body, serving).pipe(
    Effect.flip,
    Effect.map((failure) =>
      failure._tag === "SettingsError"
        ? `${failure.problems[0]?.setting} ${failure.problems[0]?.problem}`
        : failure.detail
    )
  )

const host = (rest: string) =>
  `version: 1\nname: a\nhosts:\n  - { name: ${"h".repeat(63)}, base_url: "https://privx.example.com", ${rest} }`

const many = (count: number, defaults: string) =>
  `version: 1\nname: a\ndefaults: ${defaults}\nhosts:\n` +
  Array.from(
    { length: count },
    (_, index) => `  - { name: h${index}, base_url: "https://h${index}.example.com" }\n`
  ).join("")

describe("a submitted fleet", () => {
  it.live("is refused if a template becomes too long", () =>
    Effect.gen(function* () {
      assert.match(
        yield* problem({ definition: host(`credentials: { token_env: "A{NAME}{NAME}" }`) }),
        /credentials is too long$/
      )
      const file = "{name}".repeat(500)
      assert.match(
        yield* problem({ definition: host(`credentials: { token_file: "${file}" }`) }),
        /token_file is too long$/
      )
    })
  )

  it.live("is refused if it names a file that was not sent, even one called constructor", () =>
    Effect.gen(function* () {
      for (const name of ["constructor", "__proto__"]) {
        const credentials = "credentials: { token_env: A }"
        for (const rest of [`policy: "${name}"`, `ca_file: "${name}"`]) {
          assert.match(
            yield* problem({ definition: host(`${rest}, ${credentials}`) }),
            /names a file that was not sent/
          )
        }
      }
    })
  )

  it.live("takes no private key with it that lies beside a certificate", () =>
    Effect.gen(function* () {
      const directory = yield* temporary.directory
      const file = path.join(directory, "fleet.yaml")
      const pem = tls.rootCertificates[0] ?? ""
      const key = "-----BEGIN PRIVATE KEY-----\nMIIB\n-----END PRIVATE KEY-----\n"
      fs.writeFileSync(path.join(directory, "ca.pem"), `${key}${pem}\n${key}`)
      fs.writeFileSync(file, many(1, `{ ca_file: ca.pem, credentials: { token_env: A } }`))
      const { body } = yield* RemoteFleet.read({ file, only: [], label: [] })
      assert.strictEqual(body.certificates?.["ca.pem"], pem)
      assert.notInclude(JSON.stringify(body), "PRIVATE KEY")
      assert.strictEqual((yield* FleetSubmission.read(body, serving)).hosts.length, 1)
    })
  )

  it.live("may not come to gigabytes by what its hosts share", () =>
    Effect.gen(function* () {
      const pem = tls.rootCertificates[0] ?? ""
      const certificates = { "ca.pem": `${pem}\n`.repeat(Math.ceil((1 << 20) / pem.length)) }
      const definition = many(2000, `{ ca_file: ca.pem, credentials: { token_env: A } }`)
      assert.match(yield* problem({ definition, certificates }), /defaults\.ca_file is too large for so many hosts/)
      const labels = Array.from({ length: 50_000 }, (_, index) => `l${index}: a`).join(", ")
      assert.match(
        yield* problem({ definition: many(10_000, `{ labels: { ${labels} } }`) }),
        /labels has more than 100 entries$/
      )
    })
  )
})
