/** The domain of another project: endpoints and a simulator, without any code for promises. */
import * as ErrorResponses from "@privx-kit/http/ErrorResponses"
import { Operation } from "@privx-kit/http/Operation"
import { PrivxMiddleware } from "@privx-kit/http/PrivxMiddleware"
import * as Effect from "effect/Effect"
import * as HttpApi from "effect/http-api/HttpApi"
import * as HttpApiBuilder from "effect/http-api/HttpApiBuilder"
import * as HttpApiEndpoint from "effect/http-api/HttpApiEndpoint"
import * as HttpApiGroup from "effect/http-api/HttpApiGroup"
import * as HttpApiSchema from "effect/http-api/HttpApiSchema"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"

const error = ErrorResponses.documentedWith500
const authorization = { scope: "admin" } as const
const Note = Schema.Struct({ name: Schema.String, text: Schema.String, version: Schema.Number })
const params = { folder: Schema.NonEmptyString, name: Schema.NonEmptyString }
const path = "/notes/api/v1/:folder/notes/:name"

export const NotesApi = HttpApi.make("notes").add(
  HttpApiGroup.make("notes")
    .add(
      HttpApiEndpoint.get("list", "/notes/api/v1/:folder/notes", {
        params: { folder: Schema.NonEmptyString },
        success: Schema.Struct({ notes: Schema.Array(Note) }).pipe(HttpApiSchema.status(200)),
        error
      }).annotate(Operation, { name: "Notes.list", safeToRepeat: true, authorization }),
      HttpApiEndpoint.put("write", path, {
        params,
        query: { version: Schema.optionalKey(Schema.FiniteFromString) },
        payload: Schema.Struct({ text: Schema.String }),
        success: HttpApiSchema.Empty(200),
        error
      }).annotate(Operation, { name: "Notes.write", safeToRepeat: true, authorization }),
      HttpApiEndpoint.get("read", path, {
        params,
        success: HttpApiSchema.StreamUint8Array({ contentType: "*/*" }).pipe(HttpApiSchema.status(200)),
        error
      }).annotate(Operation, { name: "Notes.read", safeToRepeat: true, authorization })
    )
    .middleware(PrivxMiddleware)
)

export const notesSimulator = Layer.suspend(() => {
  const notes = new Map<string, typeof Note.Type & { readonly folder: string }>()
  return HttpApiBuilder.layer(NotesApi).pipe(
    Layer.provide(
      HttpApiBuilder.group(NotesApi, "notes", (handlers) =>
        handlers
          .handle("list", ({ params }) =>
            Effect.sync(() => ({
              notes: [...notes.values()].flatMap(({ folder, ...note }) => (folder === params.folder ? [note] : []))
            }))
          )
          .handle("write", ({ params, payload, query }) =>
            Effect.sync(() => {
              notes.set(`${params.folder}/${params.name}`, { ...params, ...payload, version: query.version ?? 1 })
            })
          )
          .handle("read", ({ params }) =>
            Effect.sync(() =>
              Stream.make(new TextEncoder().encode(notes.get(`${params.folder}/${params.name}`)?.text ?? ""))
            )
          )
      )
    )
  )
})
