/**
 * What the UEBA service is doing: whether it trains, whether it analyzes, and with which models.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import * as SchemaGetter from "effect/SchemaGetter"
import * as Tolerant from "./internal/tolerant.ts"

/**
 * A model that analyzes connections.
 *
 * @since 0.1.0
 * @category schemas
 */
export const ModelInstance = Schema.Struct({
  id: Tolerant.optionalText,
  feature_config_name: Tolerant.optionalText,
  status: Tolerant.optionalText,
  created: Tolerant.optionalTime
})

/**
 * @since 0.1.0
 * @category models
 */
export interface ModelInstance extends Schema.Schema.Type<typeof ModelInstance> {}

const states = {
  training_status: Tolerant.optionalText,
  inference_status: Tolerant.optionalText,
  /** The active dataset; absent if there is none. */
  dataset_id: Tolerant.optionalText
}

const Instances = Schema.Array(ModelInstance)

/** Newer servers send `instances`, older ones `model_instance_status`. */
const OnTheWire = Schema.Struct({
  ...states,
  instances: Tolerant.optionalList(ModelInstance),
  model_instance_status: Tolerant.optionalList(ModelInstance)
})

/**
 * The response of `Ueba.internalStatus`. The list of models is in `instances`, for both names that servers use. The
 * statuses are not documented. Source: the official SDKs.
 *
 * @since 0.1.0
 * @category schemas
 */
export const InternalStatus = OnTheWire.pipe(
  Schema.decodeTo(Schema.toType(Schema.Struct({ ...states, instances: Instances })), {
    decode: SchemaGetter.transform(({ instances, model_instance_status, ...rest }: typeof OnTheWire.Type) => ({
      ...rest,
      instances: instances ?? model_instance_status ?? []
    })),
    encode: SchemaGetter.passthroughSupertype()
  })
)

/**
 * @since 0.1.0
 * @category models
 */
export interface InternalStatus extends Schema.Schema.Type<typeof InternalStatus> {}
