/** The setup with the options of this package. */
import * as Setup from "@privx-kit/ueba/Setup"
import { Sha256 } from "@privx-kit/ueba/Sha256"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { InvalidArgumentError } from "../PrivxError.ts"

/** The other options are those of `Setup`, by the same names. */
interface Options {
  readonly sha256?: string | undefined
}

export const setup = ({ sha256, ...options }: Options) =>
  Effect.flatMap(pinOf(sha256), (sha256) => Setup.setup({ ...options, sha256 } as Setup.Options))

const pinOf = (sha256: string | undefined): Effect.Effect<Sha256 | undefined, InvalidArgumentError> =>
  sha256 === undefined
    ? Effect.succeed(undefined)
    : Effect.mapError(
        Schema.decodeUnknownEffect(Sha256)(sha256),
        () =>
          new InvalidArgumentError("Ueba.setup was not called: sha256 is not 64 hexadecimal digits.", {
            operation: "Ueba.setup",
            hint: "Pass only the digest that `sha256sum` prints, without the file name."
          })
      )
