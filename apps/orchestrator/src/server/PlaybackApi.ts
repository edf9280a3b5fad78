/** The part of the API that is about playback. Session ids are secrets: they come in a body, and no answer repeats one. */
import { PlaybackSessionId } from "@privx-kit/core/SessionId"
import * as HttpApiEndpoint from "effect/http-api/HttpApiEndpoint"
import * as HttpApiGroup from "effect/http-api/HttpApiGroup"
import * as HttpApiSchema from "effect/http-api/HttpApiSchema"
import * as OpenApi from "effect/http-api/OpenApi"
import * as Schema from "effect/Schema"
import { documented, submission, Submitted } from "./ApiEndpoint.ts"
import { Guard, Shape } from "./Principal.ts"
import * as Problem from "./Problem.ts"
import * as Role from "./Role.ts"

/** The longest list of one request. */
export const mostSessions = 1000

const duration = (description: string) =>
  Schema.optionalKey(
    Schema.String.check(
      Schema.isPattern(/^\d+(\.\d+)?\s*(ms|s|min|m|h|d)$/u, { expected: "a time like 30s, 2h or 7d" })
    ).annotate({ description })
  )

export const KeepAliveBody = Schema.Struct({
  target: submission.target,
  sessionIds: Schema.Array(PlaybackSessionId)
    .check(Schema.isMinLength(1), Schema.isMaxLength(mostSessions))
    .annotate({ description: "Ids of playback sessions, which are secrets; each gets a run of its own" }),
  for: duration("End after this time; default: when the session is over"),
  tokenLifetime: duration("Lifetime of a token if the server does not state it; default 5m")
}).annotate({ identifier: "KeepAlive" })

const KeepAlives = Schema.Struct({
  runs: Schema.Array(Submitted).annotate({
    description: "In the order of the ids. A session that is being kept alive for the same time already has its run"
  })
})

export const playback = HttpApiGroup.make("playback")
  .annotateMerge(OpenApi.annotations({ description: "Playback: sessions that are kept authenticated." }))
  .add(
    HttpApiEndpoint.post("keepAlive", "/playback/keep-alives", {
      payload: KeepAliveBody,
      success: KeepAlives.pipe(HttpApiSchema.status(202)),
      error: Problem.withBody
    })
      .annotate(Role.Needs, "submit")
      .annotateMerge(
        documented(
          "submit",
          "Keep playback sessions authenticated",
          "A durable run for each session, which ends when the session is over. It is listed, followed, retried and cancelled like any " +
            "other. It can be sent again: a session that is kept alive already joins its run."
        )
      )
  )
  .middleware(Shape)
  .middleware(Guard)
  .prefix("/api/v1")
