/** The failures of a fleet definition, as the reading thread sends them. */
import * as Schema from "effect/Schema"
import { SettingsError } from "@privx-kit/settings/SettingsError"
import { InvalidInput } from "@privx-kit/runs/RunFailures"

export const DefinitionFailure = Schema.Union([SettingsError, InvalidInput])

export type DefinitionFailure = typeof DefinitionFailure.Type

const json = Schema.toCodecJson(DefinitionFailure)

export const encode = Schema.encodeSync(json)

export const decode = Schema.decodeUnknownEffect(json)
