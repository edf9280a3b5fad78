/** Converts a streamed response to a `Download`: its head, parsed and redacted, and its bytes. */
import * as Redaction from "@privx-kit/core/Redaction"
import * as Effect from "effect/Effect"
import type * as HttpClientResponse from "effect/http/HttpClientResponse"
import type * as Redacted from "effect/Redacted"
import * as Stream from "effect/Stream"
import * as ContentRange from "../ContentRange.ts"
import type { Download } from "../Download.ts"
import { StreamedResponse } from "./bufferedResponse.ts"
import { suggestedName } from "./suggestedName.ts"

export const toDownload = (
  response: HttpClientResponse.HttpClientResponse,
  secrets: ReadonlyArray<Redacted.Redacted<string>>
): Omit<Download, "operation" | "origin" | "deadline"> => {
  const { headers, status } = response
  const redactText = Redaction.redactor(secrets)
  const redact = (text: string | undefined) => (text === undefined ? undefined : redactText(text))
  const announced = headers["content-length"]
  const contentLength = announced !== undefined && /^\d{1,15}$/.test(announced) ? Number(announced) : undefined
  const range = headers["content-range"]
  const etag = headers.etag
  const contentRange = status === 206 && range !== undefined ? ContentRange.parse(range) : undefined
  return {
    status,
    contentLength,
    total: totalOf(status, contentLength, contentRange, range),
    // HTTP/1.1 only: `Connection` refuses HTTP/2, where each stream has its own end.
    delimitedBy:
      contentLength !== undefined ? "length" : isChunked(headers["transfer-encoding"]) ? "chunks" : "connection",
    contentType: redact(headers["content-type"]),
    suggestedName: redact(suggestedName(headers["content-disposition"])),
    contentRange,
    strongETag: etag !== undefined && /^"[^"]*"$/.test(etag) ? etag : undefined,
    etag,
    lastModified: headers["last-modified"],
    server: redact(headers["server"]),
    peer: response instanceof StreamedResponse ? response.answer.peer : undefined,
    ...bytesOf(response)
  }
}

const isChunked = (header: string | undefined): boolean => header !== undefined && /\bchunked\s*$/i.test(header)

const totalOf = (
  status: number,
  contentLength: number | undefined,
  contentRange: ContentRange.ContentRange | undefined,
  header: string | undefined
): number | undefined =>
  status === 200 ? contentLength : (contentRange?.total ?? ContentRange.parseUnsatisfied(header ?? ""))

const bytesOf = (response: HttpClientResponse.HttpClientResponse): Pick<Download, "consume" | "stream"> => {
  if (response instanceof StreamedResponse) return { stream: response.answer.stream, consume: response.answer.consume }
  const defect = "the transport did not stream"
  return { stream: Stream.die(defect), consume: () => Effect.die(defect) }
}
