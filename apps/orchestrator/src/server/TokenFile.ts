/** The current content of the token file. */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { SettingsError } from "@privx-kit/settings/SettingsError"
import * as WatchedFile from "./WatchedFile.ts"
import * as Tokens from "./Tokens.ts"

export class TokenFile extends Context.Service<
  TokenFile,
  {
    /** `undefined` for a server without authentication. */
    readonly entries: () => ReadonlyArray<Tokens.Entry> | undefined
  }
>()("privx-kit/server/TokenFile") {
  /** Every caller is an administrator. Only for a single-user machine. */
  static readonly layerNone: Layer.Layer<TokenFile> = Layer.succeed(TokenFile, { entries: () => undefined })

  /** No token is accepted: people sign in through an issuer. */
  static readonly layerEmpty: Layer.Layer<TokenFile> = Layer.succeed(TokenFile, { entries: () => [] })

  static readonly layer = (file: string): Layer.Layer<TokenFile, SettingsError> =>
    Layer.effect(
      TokenFile,
      Effect.map(WatchedFile.make([file], Tokens.read(file)), (entries) => ({ entries }))
    )
}
