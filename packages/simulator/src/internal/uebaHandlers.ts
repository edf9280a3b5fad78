/** The handlers of the UEBA endpoints: they map requests to the state and the state to responses. */
import type { AnomalySettings } from "@privx-kit/ueba/AnomalySettings"
import { InternalStatus } from "@privx-kit/ueba/InternalStatus"
import * as UebaApi from "@privx-kit/ueba/UebaApi"
import * as Clock from "effect/Clock"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as HttpApiBuilder from "effect/http-api/HttpApiBuilder"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import * as Refusal from "../Refusal.ts"
import { bearer } from "./recorder.ts"
import { describe, type ServedScript } from "./servedScript.ts"
import type { SetupSessions } from "./setupSessions.ts"
import * as SetupScriptResponse from "./setupScriptResponse.ts"
import type { UebaState, View } from "./uebaState.ts"

export interface Service {
  readonly state: UebaState
  readonly script: ServedScript
  readonly sessions: SetupSessions
  /** The time of the UEBA host, in milliseconds since the epoch. */
  readonly now: Effect.Effect<number>
  /** Called with that time when the script has been sent. */
  readonly downloaded: (now: number) => void
  readonly isAuthorized: (token: Redacted.Redacted<string>) => Effect.Effect<boolean>
  readonly authorizeDownload: boolean
  readonly ranges: boolean
  readonly instancesField: "instances" | "model_instance_status"
  statusOverride: { readonly status: string; readonly message?: string } | undefined
}

const decodeSession = Schema.decodeSync(UebaApi.SetupSession)

/** Without the length Node would send a chunked body of no chunks. */
const done = HttpServerResponse.empty({ status: 200, headers: { "content-length": "0" } })

const notConfigured = Refusal.refuse(400, "CONFIGURATION_ERROR", "The UEBA address is not configured")

export const layer = (api: UebaApi.UebaApi, service: Service) =>
  Layer.mergeAll(
    setup(api, service),
    configuration(api, service),
    datasets(api, service),
    analysis(api, service),
    status(api, service)
  )

const setup = (
  api: UebaApi.UebaApi,
  { authorizeDownload, downloaded, isAuthorized, now, ranges, script, sessions }: Service
) =>
  HttpApiBuilder.group(api, "setup", (handlers) =>
    handlers
      .handle("createSession", () =>
        script.isConfigured
          ? Effect.map(Clock.currentTimeMillis, (now) => decodeSession({ id: sessions.create(now) }))
          : Effect.fail(notConfigured("address"))
      )
      .handle(
        "downloadSetupScript",
        Effect.fnUntraced(function* ({ params, request }) {
          if (authorizeDownload) {
            const token = bearer(request.headers)
            if (token === undefined || !(yield* isAuthorized(token))) return yield* Refusal.unauthorized()
          }
          if (!sessions.use(Redacted.value(params.session_id), yield* Clock.currentTimeMillis)) {
            return yield* Refusal.notFound()
          }
          const response = yield* SetupScriptResponse.make(script.current, request.headers, ranges)
          downloaded(yield* now)
          return response
        })
      )
  )

const configuration = (api: UebaApi.UebaApi, { script }: Service) => {
  let anomalies: AnomalySettings = { action: "AUDIT", threshold: 0.5 }
  return HttpApiBuilder.group(api, "configuration", (handlers) =>
    handlers
      .handle("configuration", () => Effect.sync(() => script.configuration))
      .handle("setConfiguration", ({ payload }) =>
        payload.trust_anchors !== undefined && describe(payload.trust_anchors) === undefined
          ? Effect.fail(Refusal.wrongFormat("trust_anchors"))
          : Effect.sync(() => {
              script.configure(payload)
              return done
            })
      )
      .handle("anomalySettings", () => Effect.sync(() => anomalies))
      .handle("setAnomalySettings", ({ payload }) =>
        Effect.sync(() => {
          anomalies = payload
          return done
        })
      )
  )
}

const datasets = (api: UebaApi.UebaApi, { now, state }: Service) =>
  HttpApiBuilder.group(api, "datasets", (handlers) =>
    handlers
      .handle("listDatasets", ({ query }) =>
        Effect.map(now, (now) => {
          const items = state.list(now, viewOf(query))
          return { count: items.length, items }
        })
      )
      .handle("createDataset", ({ payload }) =>
        Effect.flatMap(now, (now) => Effect.map(Effect.fromResult(state.create(payload, now)), (id) => ({ id })))
      )
      .handle("getDataset", ({ params, query }) =>
        Effect.flatMap(now, (now) => Effect.fromResult(state.get(params.dataset_id, now, viewOf(query))))
      )
      .handle("updateDataset", ({ params, payload }) =>
        Effect.flatMap(now, (now) => Effect.as(Effect.fromResult(state.update(params.dataset_id, payload, now)), done))
      )
      .handle("deleteDataset", ({ params }) =>
        Effect.flatMap(now, (now) => Effect.as(Effect.fromResult(state.delete(params.dataset_id, now)), done))
      )
  )

/** Default number of bins of a histogram: a choice. */
const usualBins = 20

const viewOf = (query: { readonly logs?: boolean; readonly bin_count?: number }): View => ({
  logs: query.logs ?? false,
  bins: query.bin_count ?? usualBins
})

const analysis = (api: UebaApi.UebaApi, { now, state }: Service) =>
  HttpApiBuilder.group(api, "analysis", (handlers) =>
    handlers
      .handle("countConnections", ({ payload }) => Effect.map(now, (now) => ({ count: state.count(payload, now) })))
      .handle("trainDataset", ({ params, query }) =>
        Effect.flatMap(now, (now) => {
          const activates = query.set_active_after_training ?? false
          return Effect.map(Effect.fromResult(state.train(params.dataset_id, activates, now)), (count) => ({ count }))
        })
      )
      .handle("startAnalyzing", ({ params }) =>
        Effect.flatMap(now, (now) => Effect.as(Effect.fromResult(state.start(params.dataset_id, now)), done))
      )
      .handle("stopAnalyzing", () =>
        Effect.map(now, (now) => {
          state.stop(now)
          return done
        })
      )
  )

const status = (api: UebaApi.UebaApi, service: Service) =>
  HttpApiBuilder.group(api, "status", (handlers) =>
    handlers
      .handle("status", () =>
        Effect.map(service.now, (now) => {
          const isRunning = service.state.isRunning(now)
          const { message, status } = service.statusOverride ?? {
            status: isRunning ? "RUNNING" : "PENDING",
            message: isRunning ? "simulated" : "waiting for the UEBA host to run the setup script"
          }
          return {
            version: "simulated",
            api_version: "v1",
            status,
            ...(message === undefined ? undefined : { status_message: message }),
            issues: [],
            status_details: [{ k: "address", v: service.script.configuration.address }],
            app_id: "simulated-ueba",
            ...(isRunning ? { start_time: DateTime.makeUnsafe(service.state.hostStart) } : undefined)
          }
        })
      )
      .handle("internalStatus", () =>
        Effect.map(service.now, (now): InternalStatus | HttpServerResponse.HttpServerResponse => {
          const status = internalStatus(service.state, now)
          if (service.instancesField === "instances") return status
          const { instances, ...rest } = encodeInternalStatus(status)
          return HttpServerResponse.jsonUnsafe({ ...rest, model_instance_status: instances })
        })
      )
  )

const encodeInternalStatus = Schema.encodeSync(InternalStatus)

const internalStatus = (state: UebaState, now: number): InternalStatus => {
  const active = state.active(now)
  return {
    training_status: state.training(now) === undefined ? "IDLE" : "TRAINING",
    inference_status: active !== undefined ? "RUNNING" : state.isStopping(now) ? "STOPPING" : "STOPPED",
    ...(active === undefined ? undefined : { dataset_id: active.id }),
    instances: (active?.training_results ?? []).map(({ created, feature_config_name }) => ({
      id: `${active?.id}/${feature_config_name}`,
      feature_config_name,
      status: "RUNNING",
      ...(created === undefined ? undefined : { created })
    }))
  }
}
