/**
 * The part of the API for playback. Session ids are secrets: requests contain them in the body, and no response repeats
 * one.
 */
import { PlaybackSessionId } from "@privx-kit/core/SessionId"
import * as HttpApiEndpoint from "effect/http-api/HttpApiEndpoint"
import * as HttpApiGroup from "effect/http-api/HttpApiGroup"
import * as HttpApiSchema from "effect/http-api/HttpApiSchema"
import * as OpenApi from "effect/http-api/OpenApi"
import * as Schema from "effect/Schema"
import * as Struct from "effect/Struct"
import { Time } from "@privx-kit/runs/Run"
import { KeepAliveResult } from "../playback/KeepAliveRun.ts"
import { documented, ServedRun, submission, Submitted, whole } from "./ApiEndpoint.ts"
import { Guard, Shape } from "./Principal.ts"
import * as Problem from "./Problem.ts"
import * as Role from "./Role.ts"
import * as RunQuery from "./RunQuery.ts"

/** Maximum number of sessions in one request. */
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

/** The status of a session, without its id. */
const KeepAlive = Schema.Struct({
  run: ServedRun.annotate({ description: "Who asked for it, since when, and its status" }),
  count: whole.annotate({ description: "How many re-authentications succeeded" }),
  lastCallAt: Schema.NullOr(Time).annotate({ description: "When the last of them was made; null: none yet" }),
  nextCallAt: Schema.NullOr(Time).annotate({ description: "When the next one is due; null: the run is not running" }),
  authenticatedUntil: Schema.NullOr(Time).annotate({
    description: "Until when the session is taken for authenticated; null: not known, or the run is over"
  }),
  failing: Schema.Boolean.annotate({
    description: "Whether the last call failed with a temporary error and is retried"
  }),
  ended: Schema.NullOr(KeepAliveResult.fields.ended).annotate({
    description: "Why it ended: the session is over, or the time for which it was asked; null: it did not end like this"
  })
}).annotate({ identifier: "KeptAlive" })

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
      ),
    HttpApiEndpoint.get("list", "/playback/keep-alives", {
      query: { ...Struct.pick(RunQuery.query, ["target", "requestedBy"]), ...RunQuery.status, ...RunQuery.page },
      success: Schema.Struct({
        keepAlives: Schema.Array(KeepAlive),
        next: Schema.NullOr(Schema.String).annotate({
          description: "Ask for the next page with it, as after; null: this is the last page"
        })
      }),
      error: Problem.any
    })
      .annotate(Role.Needs, "look")
      .annotateMerge(
        documented(
          "look",
          "List playback sessions that are kept authenticated, the latest first",
          "Each with its run, its last and its next call. Session ids are in no answer."
        )
      )
  )
  .middleware(Shape)
  .middleware(Guard)
  .prefix("/api/v1")
