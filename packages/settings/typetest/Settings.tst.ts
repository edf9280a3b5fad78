import type { Credentials } from "@privx-kit/settings/Credentials"
import * as PrivxClient from "@privx-kit/settings/PrivxClient"
import * as Settings from "@privx-kit/settings/Settings"
import type { SettingsError } from "@privx-kit/settings/SettingsError"
import type { Transport } from "@privx-kit/http/Transport"
import type * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import type * as Redacted from "effect/Redacted"
import { expectTypeOf } from "vitest"

declare const flags: Settings.Flags
declare const settings: Settings.Settings

const resolved = Settings.resolve(flags, Settings.thisHost())
expectTypeOf<Effect.Error<typeof resolved>>().toEqualTypeOf<SettingsError>()
expectTypeOf<Effect.Services<typeof resolved>>().toBeNever()
expectTypeOf<Effect.Success<typeof resolved>["settings"]>().toEqualTypeOf<Settings.Settings>()

// No credential is a plain text.
expectTypeOf<Extract<Credentials, { readonly token: unknown }>["token"]>().toEqualTypeOf<Redacted.Redacted<string>>()

const limits = { timeout: undefined, deadline: undefined }
expectTypeOf(PrivxClient.layer(settings, limits)).toExtend<Layer.Layer<Transport>>()
// @ts-expect-error -- without credentials
void PrivxClient.layer({ baseUrl: settings.baseUrl, ca: [] }, limits)
