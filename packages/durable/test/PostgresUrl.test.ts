import { assert, describe, it } from "@effect/vitest"
import * as temporary from "@privx-kit/testing/temporary"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as fs from "node:fs"
import * as path from "node:path"
import * as PostgresUrl from "../src/PostgresUrl.ts"

const parse = (url: string) => PostgresUrl.parse(Redacted.make(url))

const refused = (url: string) => Effect.map(Effect.flip(parse(url)), ({ detail, reason }) => `${reason}: ${detail}`)

describe("the URL of a database", () => {
  it.effect("asks for a verified certificate where the host is not this machine and nothing else is said", () =>
    Effect.gen(function* () {
      for (const [url, mode] of [
        ["postgres://kit@db.example.com/kit", "verify-full"],
        ["postgresql://kit@192.0.2.7:5433/kit", "verify-full"],
        ["postgres://kit@127.0.0.1/kit", "disable"],
        ["postgres://kit@localhost:5432/kit", "disable"],
        ["postgres://kit@[::1]/kit", "disable"],
        ["postgres:///kit?host=/run/postgresql", "disable"],
        ["postgres://kit@localhost/kit?sslmode=require", "require"]
      ] as const) {
        assert.strictEqual((yield* parse(url)).mode, mode, url)
      }
    })
  )

  it.effect("means by sslmode what libpq means", () =>
    Effect.gen(function* () {
      const directory = yield* temporary.directory
      const ca = path.join(directory, "ca.pem")
      fs.writeFileSync(ca, "a certificate")
      const tls = (query: string) => Effect.map(parse(`postgres://kit@db.example.com/kit?${query}`), ({ tls }) => tls)
      const verifies = (query: string) =>
        Effect.map(tls(query), (options) => options !== false && options.rejectUnauthorized === true)
      const namesHost = (query: string) =>
        Effect.map(tls(query), (options) => options !== false && options.checkServerIdentity === undefined)
      assert.strictEqual(yield* tls("sslmode=disable"), false)
      assert.isFalse(yield* verifies("sslmode=require"))
      assert.isTrue(yield* verifies(`sslmode=require&sslrootcert=${ca}`))
      assert.isTrue(yield* verifies("sslmode=verify-ca"))
      assert.isFalse(yield* namesHost("sslmode=verify-ca"))
      assert.isTrue(yield* verifies("sslmode=verify-full"))
      assert.isTrue(yield* namesHost("sslmode=verify-full"))
      const options = yield* tls(`sslmode=verify-full&sslrootcert=${ca}`)
      assert.strictEqual(options !== false && String(options.ca), "a certificate")
    })
  )

  it.effect("names the session, and where its tables are", () =>
    Effect.gen(function* () {
      const url = "postgres://kit@localhost/kit"
      assert.strictEqual((yield* parse(url)).applicationName, "privx-kit")
      const named = yield* parse(
        `${url}?application_name=night&search_path=kit,public&connect_timeout=3&options=-c%20a=b`
      )
      assert.strictEqual(named.applicationName, "night")
      assert.deepStrictEqual(named.startupParameters, { search_path: "kit,public" })
      // Parameters that the driver reads are not changed.
      assert.match(Redacted.value(named.url), /\?application_name=night&connect_timeout=3&options=-c/)
    })
  )

  it.effect("is refused with a parameter that is not known, before anything is sent", () =>
    Effect.gen(function* () {
      const at = "postgres://kit@db.example.com/kit"
      assert.strictEqual(
        yield* refused(`${at}?ssl=true`),
        "url: its parameter ssl is not supported; use sslmode instead"
      )
      assert.strictEqual(
        yield* refused(`${at}?sslmod=require`),
        "url: its parameter sslmod is not supported; use sslmode instead"
      )
      assert.strictEqual(
        yield* refused(`${at}?schema=kit`),
        "url: its parameter schema is not supported; use search_path instead"
      )
      assert.match(
        yield* refused(`${at}?pool_size=3`),
        /pool_size is not supported; the supported parameters are application_name, connect_timeout/
      )
      assert.strictEqual(yield* refused(`${at}?user=a&user=b`), "url: its parameter user occurs twice")
      assert.match(yield* refused(`${at}?sslmode=yes`), /its sslmode is not one of disable, allow, prefer/)
      assert.match(
        yield* refused(`${at}?sslrootcert=/nowhere/ca.pem`),
        /parameter sslrootcert names cannot be read \(ENOENT\)/
      )
    })
  )

  it.effect("says which character of a password has to be written otherwise, and shows nothing of it", () =>
    Effect.gen(function* () {
      const cases = [
        ["postgres://kit:hun#ter2@db.example.com/kit", /^url: a # in the password must be written as %23$/],
        ["postgres://kit:12#34@db.example.com/kit", /^url: a # in the password must be written as %23$/],
        [
          "postgres://kit:hun%ter2@db.example.com/kit",
          /^url: a % in the user, password or database must be written as %25$/
        ],
        ["postgres://kit:hun/ter2@db.example.com/kit", /^url: a \/ \? \[ or \] in the password must be written as/],
        ["mysql://kit:hunter2@db.example.com/kit", /^url: it does not start with postgres:\/\/ or postgresql:\/\/$/]
      ] as const
      for (const [url, said] of cases) {
        const failure = yield* Effect.flip(parse(url))
        assert.match(`${failure.reason}: ${failure.detail}`, said)
        assert.notMatch(failure.message + failure.hint, /hun|ter2|12|34/)
      }
      // If there are several @, the last one ends the password.
      const { url } = yield* parse("postgres://kit:hun@ter2@localhost/kit")
      assert.include(Redacted.value(url), "hun%40ter2@localhost")
    })
  )
})
