import type {
  CallOptions,
  Plain,
  PlainInput,
  Privx,
  SetupOptions,
  SetupResult,
  UebaOperations
} from "@privx-kit/client"
import { Secret } from "@privx-kit/client"
import type * as DateTime from "effect/DateTime"
import type * as Duration from "effect/Duration"
import type * as Redacted from "effect/Redacted"
import { expectTypeOf } from "vitest"
import type { NotesApi } from "../test/Notes.ts"

declare const privx: Privx
declare const notesApi: typeof NotesApi

expectTypeOf(privx.ueba.createSession).toEqualTypeOf<(options?: CallOptions) => Promise<{ readonly id: Secret }>>()
expectTypeOf(privx.ueba.downloadSetupScript).toEqualTypeOf<
  (id: string | Secret, options?: CallOptions) => AsyncIterable<Uint8Array>
>()
expectTypeOf(privx.ueba.setup).toEqualTypeOf<(options?: SetupOptions) => Promise<SetupResult>>()
expectTypeOf(privx.ueba.deleteDataset).toEqualTypeOf<(id: string, options?: CallOptions) => Promise<void>>()
expectTypeOf(privx.ueba.trainDataset)
  .parameter(1)
  .toEqualTypeOf<{ readonly set_active_after_training?: boolean } | undefined>()
expectTypeOf(privx.playback.reauthenticate).toEqualTypeOf<
  (id: string | Secret, options?: CallOptions) => Promise<void>
>()
expectTypeOf<Awaited<ReturnType<UebaOperations["getDataset"]>>["created"]>().toEqualTypeOf<Date | undefined>()

// The endpoints of another team: parameters by name where there are several, and the query beside a payload.
const notes = privx.domain(notesApi)
expectTypeOf(notes.list).returns.resolves.toEqualTypeOf<{
  readonly notes: ReadonlyArray<{ readonly name: string; readonly text: string; readonly version: number }>
}>()
expectTypeOf(notes.write).toEqualTypeOf<
  (
    params: { readonly folder: string; readonly name: string },
    payload: { readonly text: string },
    options?: CallOptions & { readonly query?: { readonly version?: number } }
  ) => Promise<void>
>()

// What a schema decodes to has a plain form in both directions.
expectTypeOf<Plain<{ readonly at: DateTime.Utc; readonly for: Duration.Duration }>>().toEqualTypeOf<{
  readonly at: Date
  readonly for: number
}>()
expectTypeOf<PlainInput<{ readonly at?: DateTime.Utc; readonly key: Redacted.Redacted<string> }>>().toEqualTypeOf<{
  readonly at?: string | Date
  readonly key: string | Secret
}>()

type Leaf = Date | Uint8Array | Secret | AbortSignal | Error

/** The types of Effect within a type: all of them can be piped. */
type EffectIn<T> = T extends string | number | boolean | bigint | symbol | null | undefined | Leaf
  ? never
  : T extends { readonly pipe: unknown }
    ? T
    : T extends AsyncIterable<infer A>
      ? EffectIn<A>
      : T extends Promise<infer A>
        ? EffectIn<A>
        : T extends (...args: infer _Args) => infer Result
          ? EffectIn<Result>
          : T extends ReadonlyArray<infer A>
            ? EffectIn<A>
            : { [K in keyof T]-?: EffectIn<T[K]> }[keyof T]

expectTypeOf<EffectIn<{ readonly at: { readonly on: ReadonlyArray<DateTime.Utc> } }>>().toEqualTypeOf<DateTime.Utc>()
expectTypeOf<EffectIn<Omit<UebaOperations, "configuration">>>().toBeNever()
expectTypeOf<EffectIn<SetupOptions>>().toBeNever()
expectTypeOf<EffectIn<SetupResult>>().toBeNever()
// What a trust anchor says is any JSON, a type without an end.
type Configuration = Awaited<ReturnType<UebaOperations["configuration"]>>
expectTypeOf<EffectIn<Omit<Configuration, "trust_anchors_info">>>().toBeNever()
expectTypeOf<EffectIn<Parameters<UebaOperations["createDataset"]>[0]>>().toBeNever()
expectTypeOf<EffectIn<Parameters<UebaOperations["setAnomalySettings"]>[0]>>().toBeNever()
expectTypeOf<EffectIn<Privx["playback"]>>().toBeNever()
expectTypeOf<EffectIn<typeof notes>>().toBeNever()

// @ts-expect-error -- an action that PrivX does not know
void privx.ueba.setAnomalySettings({ action: "WARN", threshold: 0.5 })
// @ts-expect-error -- a dataset needs a range
void privx.ueba.createDataset({ comment: "c" })
