/** Shows or changes the address and the trust anchors. */
import { fromSystem, type StorageFailed } from "@privx-kit/core/StorageFailed"
import type { PrivxFailure } from "@privx-kit/http/PrivxFailure"
import * as TrustAnchors from "@privx-kit/ueba/TrustAnchors"
import { Ueba } from "@privx-kit/ueba/Ueba"
import type { UebaConfiguration } from "@privx-kit/ueba/UebaConfiguration"
import * as Effect from "effect/Effect"
import * as fs from "node:fs/promises"
import * as path from "node:path"
import type { Pane } from "../../terminal/Screen.ts"
import * as Text from "../../terminal/Text.ts"
import type { Call } from "../DomainCommand.ts"
import { withUeba } from "./UebaClient.ts"

interface Input {
  readonly address: string | undefined
  readonly trustAnchors: string | undefined
}

interface Result {
  readonly configuration: UebaConfiguration
  /** Whether the settings were sent; `undefined` if no change was requested. */
  readonly changed: boolean | undefined
}

export const config: Call<Input, Result> = {
  run: (input) => withUeba(work(input)),
  toJson: ({ changed, configuration: { address, trust_anchors } }) => ({
    address,
    trustAnchors: trust_anchors,
    certificates: TrustAnchors.read(trust_anchors),
    ...(changed === undefined ? undefined : { changed })
  }),
  toPerson: Effect.fnUntraced(function* ({ changed, configuration }, out) {
    if (changed !== undefined) {
      const { green, sign } = out.style
      yield* out.line(
        `${green(sign.ok)} ${changed ? "The configuration is changed." : "Nothing differs; nothing was sent."}`
      )
    }
    yield* show(configuration, out)
  })
}

const work = Effect.fnUntraced(function* ({
  address,
  trustAnchors
}: Input): Effect.fn.Return<Result, PrivxFailure | StorageFailed | TrustAnchors.TrustAnchorsInvalid, Ueba> {
  const ueba = yield* Ueba
  const now = yield* ueba.configuration
  if (address === undefined && trustAnchors === undefined) return { configuration: now, changed: undefined }
  const wanted = {
    address: address ?? now.address,
    trust_anchors: trustAnchors === undefined ? now.trust_anchors : yield* readPem(trustAnchors)
  }
  // An address may be set before any trust anchors exist.
  if (trustAnchors !== undefined || wanted.trust_anchors.trim() !== "") {
    yield* TrustAnchors.check(wanted.trust_anchors, wanted.address)
  }
  if (wanted.address === now.address && TrustAnchors.isSame(wanted.trust_anchors, now.trust_anchors)) {
    return { configuration: now, changed: false }
  }
  yield* ueba.setConfiguration(wanted)
  return { configuration: yield* ueba.configuration, changed: true }
})

/** The text of a PEM file that a flag names. */
export const readPem = (file: string): Effect.Effect<string, StorageFailed> => {
  const full = path.resolve(file)
  return Effect.tryPromise({ try: () => fs.readFile(full, "utf8"), catch: fromSystem(full) })
}

const show = Effect.fnUntraced(function* ({ address, trust_anchors }: UebaConfiguration, out: Pane) {
  yield* out.line(`  Address        ${address === "" ? "none" : address}`)
  const anchors = TrustAnchors.read(trust_anchors)
  if (anchors.length === 0)
    return yield* out.line(`  Trust anchors  ${trust_anchors.trim() === "" ? "none" : "not readable"}`)
  const rows = anchors.map(({ ca, fingerprint, name, notAfter }) => [
    name,
    ca ? "authority" : "host",
    notAfter.toISOString().slice(0, 10),
    fingerprint
  ])
  yield* out.line()
  const [head = "", ...lines] = Text.table([["Trust anchor", "Of", "Valid until", "SHA-256"], ...rows], {
    columns: out.columns() - 2,
    flexible: new Map([
      [0, 20],
      [3, 11]
    ]),
    ellipsis: out.style.sign.ellipsis
  })
  yield* out.line(`  ${out.style.bold(head)}`)
  for (const line of lines) yield* out.line(`  ${line}`)
})
