/**
 * The UEBA endpoints, defined once and grouped by topic, for the clients, the simulator and the OpenAPI document.
 *
 * The two endpoints of the setup script are documented by the API reference. Method, path and shape of the others come
 * from the official SDKs. The scope `admin` and the error statuses are documented for `status` and inferred for the
 * rest.
 *
 * @since 0.1.0
 */
import * as SessionId from "@privx-kit/core/SessionId"
import * as Documentation from "@privx-kit/http/Documentation"
import * as ErrorResponses from "@privx-kit/http/ErrorResponses"
import { type Definition, Operation } from "@privx-kit/http/Operation"
import { PrivxMiddleware } from "@privx-kit/http/PrivxMiddleware"
import * as Context from "effect/Context"
import * as HttpApi from "effect/http-api/HttpApi"
import * as HttpApiEndpoint from "effect/http-api/HttpApiEndpoint"
import * as HttpApiGroup from "effect/http-api/HttpApiGroup"
import * as HttpApiSchema from "effect/http-api/HttpApiSchema"
import * as Schema from "effect/Schema"
import * as SchemaGetter from "effect/SchemaGetter"
import { AnomalySettings, AnomalySettingsUpdate } from "./AnomalySettings.ts"
import { ConnectionCount } from "./ConnectionCount.ts"
import { CreatedDataset, Dataset, DatasetId, DatasetList, DatasetSettings } from "./Dataset.ts"
import { InternalStatus } from "./InternalStatus.ts"
import { ServiceStatus } from "./ServiceStatus.ts"
import { TimeRange } from "./TimeRange.ts"
import { ConfigurationUpdate, UebaConfiguration } from "./UebaConfiguration.ts"
import * as UebaPaths from "./UebaPaths.ts"

/**
 * The response of `createSession`: `{"id": "<uuid>"}`. Source: seed page.
 *
 * @since 0.1.0
 * @category schemas
 */
export const SetupSession = Schema.Struct({ id: SessionId.SetupSessionId })

/**
 * @since 0.1.0
 * @category models
 */
export interface SetupSession extends Schema.Schema.Type<typeof SetupSession> {}

const Flag = Schema.Literals(["true", "false"]).pipe(
  Schema.decodeTo(Schema.Boolean, {
    decode: SchemaGetter.transform((text: "true" | "false") => text === "true"),
    encode: SchemaGetter.transform((flag: boolean) => (flag ? "true" : "false"))
  })
)

const view = {
  logs: Schema.optionalKey(Flag),
  bin_count: Schema.optionalKey(
    Schema.FiniteFromString.check(Schema.isInt(), Schema.isBetween({ minimum: 1, maximum: 100_000 }))
  )
}

const error = ErrorResponses.documentedWith500

/**
 * The annotations of an endpoint for the transport and the document. All endpoints except the download require the
 * scope `admin`.
 */
const described = (
  name: string,
  summary: string,
  options: Partial<Definition> = {},
  documentation: Parameters<typeof Documentation.operation>[2] = {}
): Context.Context<Operation> => {
  const definition: Definition = {
    name: `Ueba.${name}`,
    safeToRepeat: true,
    authorization: { scope: "admin" },
    ...options
  }
  return Context.add(Documentation.operation(summary, definition, documentation), Operation, definition)
}

const ok = <S extends Schema.Top>(schema: S, description: string) =>
  schema.annotate({ description }).pipe(HttpApiSchema.status(200))

const done = (description: string) => HttpApiSchema.Empty(200).annotate({ description })

const dataset_id = { dataset_id: DatasetId }

const setup = (paths: UebaPaths.UebaPaths) =>
  HttpApiGroup.make("setup")
    .add(
      HttpApiEndpoint.post("createSession", paths.createSession, {
        success: ok(SetupSession, "Session ID"),
        error
      })
        // An unused session is harmless: it expires.
        .annotateMerge(described("createSession", "Create session ID for Ueba setup script")),
      HttpApiEndpoint.get("downloadSetupScript", paths.downloadSetupScript, {
        params: { session_id: SessionId.SetupSessionId },
        // The reference documents neither a schema nor the content type.
        success: HttpApiSchema.StreamUint8Array({ contentType: "*/*" }).pipe(HttpApiSchema.status(200)),
        error
      }).annotateMerge(
        described(
          "downloadSetupScript",
          "Download UEBA setup script",
          { authorization: "none" },
          { download: "Session valid, download ok" }
        )
      )
    )
    .annotateMerge(Documentation.group("The setup script, and the sessions for its download"))
    .middleware(PrivxMiddleware)

const configuration = (paths: UebaPaths.UebaPaths) =>
  HttpApiGroup.make("configuration")
    .add(
      HttpApiEndpoint.get("configuration", paths.configuration, {
        success: ok(UebaConfiguration, "UEBA configuration"),
        error
      }).annotateMerge(described("configuration", "Get UEBA configuration")),
      HttpApiEndpoint.post("setConfiguration", paths.configuration, {
        payload: ConfigurationUpdate,
        success: done("Configuration set"),
        error
      }).annotateMerge(described("setConfiguration", "Set UEBA configuration")),
      HttpApiEndpoint.get("anomalySettings", paths.anomalySettings, {
        success: ok(AnomalySettings, "Anomaly settings"),
        error
      }).annotateMerge(described("anomalySettings", "Get UEBA anomaly settings")),
      HttpApiEndpoint.post("setAnomalySettings", paths.anomalySettings, {
        payload: AnomalySettingsUpdate,
        success: done("Anomaly settings set"),
        error
      }).annotateMerge(described("setAnomalySettings", "Set UEBA anomaly settings"))
    )
    .annotateMerge(Documentation.group("The input of the setup script, and the handling of anomalies"))
    .middleware(PrivxMiddleware)

const datasets = (paths: UebaPaths.UebaPaths) =>
  HttpApiGroup.make("datasets")
    .add(
      HttpApiEndpoint.get("listDatasets", paths.datasets, {
        query: view,
        success: ok(DatasetList, "The datasets"),
        error
      }).annotateMerge(described("listDatasets", "List UEBA datasets")),
      HttpApiEndpoint.post("createDataset", paths.datasets, {
        payload: DatasetSettings,
        success: CreatedDataset.annotate({ description: "ID of the dataset" }).pipe(HttpApiSchema.status(201)),
        error
      })
        // Sent twice, it makes two datasets.
        .annotateMerge(described("createDataset", "Create UEBA dataset", { safeToRepeat: false })),
      HttpApiEndpoint.get("getDataset", paths.dataset, {
        params: dataset_id,
        query: view,
        success: ok(Dataset, "The dataset"),
        error
      }).annotateMerge(described("getDataset", "Get UEBA dataset")),
      HttpApiEndpoint.put("updateDataset", paths.dataset, {
        params: dataset_id,
        payload: DatasetSettings,
        success: done("Dataset updated"),
        error
      }).annotateMerge(described("updateDataset", "Update UEBA dataset")),
      HttpApiEndpoint.delete("deleteDataset", paths.dataset, {
        params: dataset_id,
        success: done("Dataset deleted"),
        error
      }).annotateMerge(described("deleteDataset", "Delete UEBA dataset"))
    )
    .annotateMerge(Documentation.group("The connections with which the models are trained"))
    .middleware(PrivxMiddleware)

const analysis = (paths: UebaPaths.UebaPaths) =>
  HttpApiGroup.make("analysis")
    .add(
      HttpApiEndpoint.post("countConnections", paths.countConnections, {
        payload: TimeRange,
        success: ok(ConnectionCount, "Number of connections"),
        error
      }).annotateMerge(described("countConnections", "Count connections")),
      HttpApiEndpoint.post("trainDataset", paths.trainDataset, {
        params: dataset_id,
        query: { set_active_after_training: Schema.optionalKey(Flag) },
        success: ok(ConnectionCount, "Number of connections that the model is trained with"),
        error
      })
        // Sent twice, it may train twice.
        .annotateMerge(described("trainDataset", "Train or retrain UEBA dataset", { safeToRepeat: false })),
      HttpApiEndpoint.post("startAnalyzing", paths.startAnalyzing, {
        params: dataset_id,
        success: done("Analysis started"),
        error
      }).annotateMerge(described("startAnalyzing", "Start analyzing connections with a trained dataset")),
      HttpApiEndpoint.post("stopAnalyzing", paths.stopAnalyzing, {
        success: done("Analysis stopped"),
        error
      }).annotateMerge(described("stopAnalyzing", "Stop analyzing connections"))
    )
    .annotateMerge(Documentation.group("Training, and analyzing connections with a trained dataset"))
    .middleware(PrivxMiddleware)

const status = (paths: UebaPaths.UebaPaths) =>
  HttpApiGroup.make("status")
    .add(
      HttpApiEndpoint.get("status", paths.status, {
        success: ok(ServiceStatus, "Status of the UEBA service"),
        error
      }).annotateMerge(described("status", "Get UEBA service status")),
      HttpApiEndpoint.get("internalStatus", paths.internalStatus, {
        success: ok(InternalStatus, "Internal status of the UEBA service"),
        error
      }).annotateMerge(described("internalStatus", "Get UEBA internal status"))
    )
    .annotateMerge(Documentation.group("The status of the UEBA service"))
    .middleware(PrivxMiddleware)

/** As the page describes them. */
const scopes = {
  admin: "Admin scope - used for built-in PrivX admin account",
  connectionsManage: "Admin user with connection-manage scope",
  connectionsPlayback: "Admin user with connections-playback scope",
  connectionsTerminate: "Admin user with connections-terminate scope",
  connectionsTrail: "Admin user with connections-trail scope",
  connectionsView: "Admin user with connections-view scope",
  service: "Microservice scope - used for communication between PrivX microservices",
  user: "Normal users"
}

/**
 * Makes the API, with other paths if PrivX has the endpoints elsewhere.
 *
 * @example
 * ```ts
 * import * as UebaApi from "@privx-kit/ueba/UebaApi"
 * import * as OpenApi from "effect/http-api/OpenApi"
 *
 * const document = OpenApi.fromApi(UebaApi.make())
 * ```
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (paths: Partial<UebaPaths.UebaPaths> = {}) => {
  const all = { ...UebaPaths.defaults, ...paths }
  return HttpApi.make("privx-ueba")
    .add(setup(all), configuration(all), datasets(all), analysis(all), status(all))
    .annotateMerge(
      Documentation.api({
        title: "SSH PrivX UEBA",
        version: "v1",
        description:
          "UEBA of SSH PrivX. The setup script's two operations are documented by the vendor's API reference; paths and " +
          "shapes of the others come from the vendor's public SDKs.",
        scopes
      })
    )
}

/**
 * @since 0.1.0
 * @category models
 */
export type UebaApi = ReturnType<typeof make>
