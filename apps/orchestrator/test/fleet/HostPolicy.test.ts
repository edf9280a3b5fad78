/** Which references of a submitted host are resolved, with real files, directories and links. Nothing is sent. */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as fs from "node:fs"
import * as path from "node:path"
import type { CredentialsReference } from "@privx-kit/settings/CredentialsReference"
import * as HostPolicy from "../../src/fleet/HostPolicy.ts"
import { HostConnector } from "../../src/setup/HostConnection.ts"
import * as temporary from "@privx-kit/testing/temporary"

const accepted: HostPolicy.Accepted = { hosts: ["*.example.com"], insecureHttp: false }

/** The problems of a host with these credentials; empty if it can be reached. */
const refused = (
  credentials: CredentialsReference,
  secrets: Partial<HostPolicy.Secrets>,
  baseUrl = "https://privx.example.com"
) =>
  Effect.gen(function* () {
    const reach = yield* HostConnector
    assert.isDefined(reach)
    return yield* Effect.match(reach(baseUrl, { baseUrl, credentials }), {
      onFailure: ({ problems }) => problems.join("; "),
      onSuccess: () => ""
    })
  }).pipe(
    Effect.scoped,
    Effect.provide(
      HostPolicy.layer(accepted, {
        environment: {},
        variables: HostPolicy.defaultVariables,
        directory: undefined,
        ...secrets
      })
    )
  )

describe("the secrets of submitted hosts", () => {
  it.live("may be linked as Kubernetes does, within their directory, and that may be a link itself", () =>
    Effect.gen(function* () {
      const parent = yield* temporary.directory
      const real = path.join(parent, "real")
      fs.mkdirSync(path.join(real, "..2026_11_22"), { recursive: true })
      fs.writeFileSync(path.join(real, "..2026_11_22", "token"), "t0k3n", { mode: 0o600 })
      fs.symlinkSync("..2026_11_22", path.join(real, "..data"))
      fs.symlinkSync("..data/token", path.join(real, "token"))
      fs.writeFileSync(path.join(parent, "outside"), "t0k3n", { mode: 0o600 })
      fs.symlinkSync("../outside", path.join(real, "link"))
      const link = path.join(parent, "links", "secrets")
      fs.mkdirSync(path.join(parent, "links", "real"), { recursive: true })
      fs.symlinkSync("../real", link)
      // `..` is resolved relative to the target of the link, not to the directory that contains it.
      fs.writeFileSync(path.join(parent, "links", "real", "token"), "t0k3n", { mode: 0o600 })
      for (const directory of [real, link]) {
        const of = (token_file: string) => refused({ token_file }, { directory })
        assert.strictEqual(yield* of("token"), "")
        assert.strictEqual(yield* of(path.join(directory, "token")), "")
        assert.match(yield* of("none"), /none, which does not exist$/)
        for (const name of ["link", "../outside", "..", ".", "", path.join(parent, "outside"), "/etc/passwd"]) {
          assert.match(yield* of(name), /which is not in the directory/, name)
        }
        assert.strictEqual(yield* of(path.join(real, "token")), "")
      }
      assert.match(
        yield* refused({ token_file: "../real/token" }, { directory: link }),
        /which is not in the directory/
      )
    })
  )

  it.live("are never the kit's own variables, in upper or lower case", () =>
    Effect.gen(function* () {
      const secrets = { environment: { privx_kit_database_url: "s3cret", OTHER: "t0k3n" }, variables: ["*"] }
      assert.match(
        yield* refused({ token_env: "privx_kit_database_url" }, secrets),
        /a variable that fleets may not use/
      )
      assert.strictEqual(yield* refused({ token_env: "OTHER" }, secrets), "")
    })
  )

  it.live("go to no host but those that are accepted, however its URL is written", () =>
    Effect.gen(function* () {
      const secrets = { environment: { PRIVX_TOKEN: "t0k3n" } }
      const to = (url: string) => refused({ token_env: "PRIVX_TOKEN" }, secrets, url)
      assert.strictEqual(yield* to("https://PRIVX.Example.com/path"), "")
      for (const url of [
        "https://evil.org/.example.com",
        "https://evil.org\\.example.com",
        "https://evil.org#.example.com",
        "https://evil.org?.example.com",
        "https://privx.example.com@evil.org",
        "https://privx.example.com:x@evil.org",
        "https://privx.example.com.evil.org",
        "https://evil.org:443/privx.example.com",
        "https://privx.example.com.",
        "https://privx。example。com.evil.org",
        "http://privx.example.com",
        "ftp://privx.example.com",
        "https://127.0.0.1"
      ]) {
        assert.notStrictEqual(yield* to(url), "", url)
      }
    })
  )
})
