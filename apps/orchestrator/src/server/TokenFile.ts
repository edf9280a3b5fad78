/** The token file as the server has it now. */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { SettingsError } from "../settings/SettingsError.ts"
import * as Reloaded from "./Reloaded.ts"
import * as Tokens from "./Tokens.ts"

export class TokenFile extends Context.Service<
  TokenFile,
  {
    /** `undefined` where nobody has to show a token. */
    readonly entries: () => ReadonlyArray<Tokens.Entry> | undefined
  }
>()("privx-kit/server/TokenFile") {
  /** Everybody is an administrator. For a machine of one's own. */
  static readonly layerNone: Layer.Layer<TokenFile> = Layer.succeed(TokenFile, { entries: () => undefined })

  static readonly layer = (file: string): Layer.Layer<TokenFile, SettingsError> =>
    Layer.effect(
      TokenFile,
      Effect.map(Reloaded.make([file], Tokens.read(file)), (entries) => ({ entries }))
    )
}
