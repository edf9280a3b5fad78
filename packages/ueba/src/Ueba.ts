/**
 * The UEBA operations as functions: setup, configuration, datasets, analysis and status.
 *
 * Each of them fails with an `ApiError` for an error body of PrivX (documented: 400, 401, 403, 404, 500), with
 * `UnexpectedResponse` for any other response, and with `TransportError` if there is none. The hint of a 403 names the
 * scope that the operation requires.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { Transport } from "@privx-kit/http/Transport"
import * as AnalysisOperations from "./AnalysisOperations.ts"
import * as ConfigurationOperations from "./ConfigurationOperations.ts"
import * as DatasetOperations from "./DatasetOperations.ts"
import * as SetupOperations from "./SetupOperations.ts"
import * as StatusOperations from "./StatusOperations.ts"
import * as UebaApi from "./UebaApi.ts"
import type { UebaPaths } from "./UebaPaths.ts"

/**
 * @since 0.1.0
 * @category models
 */
export interface Options extends SetupOperations.Options {
  /** Paths that replace the defaults. */
  readonly paths?: Partial<UebaPaths> | undefined
}

/**
 * The UEBA operations of one PrivX host.
 *
 * **When to use**: for single requests. `Setup`, `Training` and `Analysis` combine them.
 *
 * **Details**: `layer` requires a `Transport`, which has the address of the host and the credentials.
 *
 * **Errors**: each operation says which failures it adds to those that the module describes.
 *
 * @example
 * ```ts
 * import { Ueba } from "@privx-kit/ueba/Ueba"
 * import * as Effect from "effect/Effect"
 *
 * export const status = Ueba.use((ueba) => ueba.status).pipe(Effect.provide(Ueba.layer()))
 * ```
 *
 * @since 0.1.0
 * @category services
 */
export class Ueba extends Context.Service<
  Ueba,
  SetupOperations.SetupOperations &
    ConfigurationOperations.ConfigurationOperations &
    DatasetOperations.DatasetOperations &
    AnalysisOperations.AnalysisOperations &
    StatusOperations.StatusOperations
>()("@privx-kit/ueba/Ueba") {
  static readonly layer = (options: Options = {}): Layer.Layer<Ueba, never, Transport> =>
    Layer.effect(
      Ueba,
      Effect.gen(function* () {
        const api = options.paths === undefined ? usual : UebaApi.make(options.paths)
        return Ueba.of({
          ...(yield* SetupOperations.make(api, options)),
          ...(yield* ConfigurationOperations.make(api)),
          ...(yield* DatasetOperations.make(api)),
          ...(yield* AnalysisOperations.make(api)),
          ...(yield* StatusOperations.make(api))
        })
      })
    )
}

/** Shared by all clients, so that its schemas are compiled once for any number of hosts. */
const usual = UebaApi.make()
