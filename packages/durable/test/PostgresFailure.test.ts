import { assert, describe, it } from "@effect/vitest"
import * as PostgresFailure from "@privx-kit/durable/PostgresFailure"
import { ConnectionError, SqlError, UnknownError } from "effect/sql/SqlError"

const caused = (code: string, message: string) => Object.assign(new Error(message), { code })

const failure = PostgresFailure.fromPostgres("postgres://127.0.0.1/kit")

describe("a failure of Postgres", () => {
  it.each(["EPIPE", "ECONNRESET", "ECONNREFUSED", "ETIMEDOUT", "EHOSTUNREACH"])(
    "is transient when the connection broke with %s",
    (code) => {
      const error = new SqlError({
        reason: new ConnectionError({ cause: caused(code, "This socket has been ended by the other party") })
      })
      assert.isTrue(PostgresFailure.isAway(error))
      assert.strictEqual(failure(error).reason, "unreachable")
    }
  )

  it.each([
    ["57P01", "unreachable"],
    ["08006", "unreachable"],
    ["53300", "unreachable"],
    ["53100", "full"],
    ["42501", "notPermitted"],
    ["XX001", "damaged"],
    ["23505", "other"]
  ])("has a reason by what the server says: %s is %s", (state, reason) => {
    const error = new SqlError({ reason: new UnknownError({ cause: caused(state, "said by the server") }) })
    assert.strictEqual(failure(error).reason, reason)
  })
})
