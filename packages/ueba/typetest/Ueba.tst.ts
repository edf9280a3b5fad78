import type { ApiError, ErrorCode } from "@privx-kit/core"
import type { SetupSessionId } from "@privx-kit/core/SessionId"
import type { Download, Rest } from "@privx-kit/http/Download"
import type { PrivxFailure } from "@privx-kit/http/PrivxFailure"
import type { Transport } from "@privx-kit/http/Transport"
import type {
  AnomalySettings,
  ConnectionCount,
  Dataset,
  InternalStatus,
  ServiceStatus,
  TimeRange,
  Ueba,
  UebaApi,
  UebaConfiguration
} from "@privx-kit/ueba"
import type * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import type * as Stream from "effect/Stream"
import { expectTypeOf } from "vitest"

type Service = Ueba["Service"]

expectTypeOf<Service["createSession"]>().toEqualTypeOf<Effect.Effect<UebaApi.SetupSession, PrivxFailure>>()
expectTypeOf<Service["openSetupScript"]>().toEqualTypeOf<
  (id: SetupSessionId, rest?: Rest) => Effect.Effect<Download, PrivxFailure, Scope.Scope>
>()
expectTypeOf<Service["downloadSetupScript"]>().toEqualTypeOf<
  (id: SetupSessionId) => Stream.Stream<Uint8Array, PrivxFailure>
>()
expectTypeOf<Service["configuration"]>().toEqualTypeOf<
  Effect.Effect<UebaConfiguration.UebaConfiguration, PrivxFailure>
>()
expectTypeOf<Service["setConfiguration"]>().toEqualTypeOf<
  (update: UebaConfiguration.ConfigurationUpdate) => Effect.Effect<void, PrivxFailure>
>()
expectTypeOf<Service["anomalySettings"]>().toEqualTypeOf<Effect.Effect<AnomalySettings.AnomalySettings, PrivxFailure>>()
expectTypeOf<Service["setAnomalySettings"]>().toEqualTypeOf<
  (update: AnomalySettings.AnomalySettingsUpdate) => Effect.Effect<void, PrivxFailure>
>()
expectTypeOf<Service["listDatasets"]>().toEqualTypeOf<
  (view?: Dataset.View) => Effect.Effect<Dataset.DatasetList, PrivxFailure>
>()
expectTypeOf<Service["createDataset"]>().toEqualTypeOf<
  (settings: Dataset.DatasetSettings) => Effect.Effect<Dataset.CreatedDataset, PrivxFailure>
>()
expectTypeOf<Service["getDataset"]>().toEqualTypeOf<
  (id: string, view?: Dataset.View) => Effect.Effect<Dataset.Dataset, PrivxFailure>
>()
expectTypeOf<Service["updateDataset"]>().toEqualTypeOf<
  (id: string, settings: Dataset.DatasetSettings) => Effect.Effect<void, PrivxFailure>
>()
expectTypeOf<Service["deleteDataset"]>().toEqualTypeOf<(id: string) => Effect.Effect<void, PrivxFailure>>()
expectTypeOf<Service["countConnections"]>().toEqualTypeOf<
  (range: TimeRange.TimeRange) => Effect.Effect<ConnectionCount.ConnectionCount, PrivxFailure>
>()
expectTypeOf<Service["trainDataset"]>().toEqualTypeOf<
  (
    id: string,
    options?: { readonly setActiveAfterTraining?: boolean | undefined }
  ) => Effect.Effect<ConnectionCount.ConnectionCount, PrivxFailure>
>()
expectTypeOf<Service["startAnalyzing"]>().toEqualTypeOf<(id: string) => Effect.Effect<void, PrivxFailure>>()
expectTypeOf<Service["stopAnalyzing"]>().toEqualTypeOf<Effect.Effect<void, PrivxFailure>>()
expectTypeOf<Service["status"]>().toEqualTypeOf<Effect.Effect<ServiceStatus.ServiceStatus, PrivxFailure>>()
expectTypeOf<Service["internalStatus"]>().toEqualTypeOf<Effect.Effect<InternalStatus.InternalStatus, PrivxFailure>>()
expectTypeOf<ReturnType<typeof Ueba.layer>>().toEqualTypeOf<Layer.Layer<Ueba, never, Transport>>()

// Each of the sixteen codes is in the error channel of each operation.
type Codes<E> = E extends { readonly code: infer Code extends ErrorCode.ErrorCode } ? Code : never
expectTypeOf<Codes<Effect.Error<Service["createSession"]>>>().toEqualTypeOf<ErrorCode.ErrorCode>()
expectTypeOf<Codes<Effect.Error<ReturnType<Service["openSetupScript"]>>>>().toEqualTypeOf<ErrorCode.ErrorCode>()
expectTypeOf<Codes<Stream.Error<ReturnType<Service["downloadSetupScript"]>>>>().toEqualTypeOf<ErrorCode.ErrorCode>()

declare const ueba: Service

// catchTag takes one of them out, and leaves the rest.
const caught = Effect.catchTag(ueba.createSession, "MaxLoad", (error) => {
  expectTypeOf(error).toEqualTypeOf<ApiError.MaxLoad>()
  return Effect.succeed("busy" as const)
})
expectTypeOf(caught).toEqualTypeOf<
  Effect.Effect<UebaApi.SetupSession | "busy", Exclude<PrivxFailure, ApiError.MaxLoad>>
>()
expectTypeOf<Codes<Effect.Error<typeof caught>>>().toEqualTypeOf<Exclude<ErrorCode.ErrorCode, "MAX_LOAD">>()

// @ts-expect-error -- no operation fails with this
Effect.catchTag(ueba.createSession, "VerificationFailed", () => Effect.void)

// @ts-expect-error -- a session id is a secret, and no string
ueba.downloadSetupScript("0f8fad5b-d9cb-469f-a165-70867728950e")

// What an answer may lack is optional, what it always has is not; times are times.
declare const dataset: Dataset.Dataset
expectTypeOf(dataset.training_results[0]?.status).toEqualTypeOf<string | undefined>()
expectTypeOf(dataset.created).toEqualTypeOf<DateTime.Utc | undefined>()
expectTypeOf(dataset.is_active).toEqualTypeOf<boolean>()
expectTypeOf<UebaConfiguration.UebaConfiguration["address"]>().toEqualTypeOf<string>()

// @ts-expect-error -- an action that PrivX does not know
ueba.setAnomalySettings({ action: "WARN", threshold: 0.5 })

// @ts-expect-error -- a dataset needs a range
ueba.createDataset({ comment: "c" })
