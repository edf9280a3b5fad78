/** The UEBA endpoints, on the definition that the client is made from. */
import * as UebaApi from "@privx-kit/ueba/UebaApi"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as HttpApiBuilder from "effect/http-api/HttpApiBuilder"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import { randomUUID } from "node:crypto"
import { Expiring } from "./expiring.ts"
import * as Refusal from "./refusal.ts"
import * as SetupScriptResponse from "./setupScriptResponse.ts"

/** The set-up sessions that exist. */
export class SetupSessions {
  readonly #sessions = new Expiring<{ left: number }>()
  readonly #lifetime: number
  readonly #uses: number

  /**
   * @param lifetime in milliseconds
   * @param uses how many downloads a session is good for
   */
  constructor(lifetime: number, uses: number) {
    this.#lifetime = lifetime
    this.#uses = uses
  }

  create(now: number): string {
    const id = randomUUID()
    this.#sessions.set(id, { left: this.#uses }, now, this.#lifetime)
    return id
  }

  /** Whether the session may be used; counts as a use. */
  use(id: string, now: number): boolean {
    // A UUID is the same in either case.
    const session = this.#sessions.get(id.toLowerCase(), now)
    if (session === undefined || session.left <= 0) return false
    session.left--
    return true
  }

  endAll(): void {
    this.#sessions.clear()
  }
}

export interface Options {
  readonly paths: Partial<UebaApi.Paths>
  readonly sessions: SetupSessions
  readonly script: SetupScriptResponse.Script
  readonly ranges: boolean
  readonly configuration: UebaApi.Configuration
}

const decodeSession = Schema.decodeSync(UebaApi.SetupSession)

export const layer = ({ configuration, paths, sessions, script, ranges }: Options) => {
  const api = UebaApi.make(paths)
  return HttpApiBuilder.layer(api).pipe(
    Layer.provide(
      HttpApiBuilder.group(api, "ueba", (handlers) =>
        handlers
          .handle("createSession", () =>
            Effect.map(Clock.currentTimeMillis, (now) => decodeSession({ id: sessions.create(now) }))
          )
          .handle("configuration", () => Effect.succeed(configuration))
          .handle(
            "downloadSetupScript",
            Effect.fnUntraced(function* ({ params, request }) {
              const now = yield* Clock.currentTimeMillis
              if (!sessions.use(Redacted.value(params.session_id), now)) return yield* Refusal.notFound()
              return yield* SetupScriptResponse.make(script, request.headers, ranges)
            })
          )
      )
    )
  )
}
