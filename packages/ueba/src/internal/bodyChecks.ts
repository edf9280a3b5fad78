/**
 * Checks that find something else in the place of a script: nothing, an error body, a page.
 */
import * as ErrorBody from "@privx-kit/core/ErrorBody"
import * as Result from "effect/Result"
import { type Check, failed, passed, skipped } from "../Check.ts"

export const notEmpty: Check = {
  name: "notEmpty",
  title: "has content",
  documentation: "The file has at least one byte that is not white space.",
  hint: "Download it again with a new set-up session; if it stays empty, look into the PrivX log of that time.",
  requirement: "required",
  run: ({ script }) =>
    script.size === 0
      ? failed("empty: 0 bytes")
      : script.bytes.every(isWhiteSpace)
        ? failed("nothing but white space")
        : passed(`${script.size} bytes`)
}

const isWhiteSpace = (byte: number): boolean => byte === 0x20 || (byte >= 0x09 && byte <= 0x0d)

export const notErrorBody: Check = {
  name: "notErrorBody",
  title: "is no error body",
  documentation:
    "The file is not JSON. An error body of PrivX is named with its code; any other JSON, and what begins like a JSON " +
    "object and is cut off, is as wrong in the place of a script.",
  hint: "The server answered with an error in the place of the script: look up what it says, then download again.",
  requirement: "required",
  run: ({ script }) => {
    if (!/^[[{"]/.test(beginning(script.bytes))) return passed("does not begin like JSON")
    if (Result.isFailure(script.text)) return skipped(script.text.failure.detail)
    const text = withoutMark(script.text.success).trim()
    const json = Result.try(() => JSON.parse(text) as unknown)
    if (Result.isFailure(json)) {
      return /^\{\s*"[^"\n]*"\s*:/.test(text)
        ? failed("begins like a JSON object that is cut off or malformed")
        : passed("is not JSON")
    }
    const body = ErrorBody.parse(json.success)
    if (body === undefined) return failed("is JSON, and no script")
    return failed(
      `is an error body of PrivX: ${body.code}${body.errorMessage === undefined ? "" : `: ${body.errorMessage}`}`
    )
  }
}

export const notHtml: Check = {
  name: "notHtml",
  title: "is no page",
  documentation:
    "The file does not begin like HTML or XML, as a page of a proxy, a load balancer or a log-in does. A script that " +
    "holds HTML further down, in a here-document, passes.",
  hint: "Check the base URL, and whether a proxy or load balancer answers in the place of PrivX.",
  requirement: "required",
  run: ({ script }) =>
    /^<(?:[a-z]|!--|!doctype|\?xml)/i.test(beginning(script.bytes))
      ? failed(`begins like a page: ${beginning(script.bytes).slice(0, 40)}`)
      : passed("does not begin like HTML or XML")
}

/** The first characters, whatever the encoding is: what these checks look for is ASCII. */
const beginning = (bytes: Uint8Array): string =>
  withoutMark(new TextDecoder().decode(bytes.subarray(0, 4096))).trimStart()

const withoutMark = (text: string): string => (text.startsWith("\ufeff") ? text.slice(1) : text)
