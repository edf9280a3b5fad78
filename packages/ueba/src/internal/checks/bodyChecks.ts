/** Checks for content that is not a script: an empty file, an error body, a web page. */
import * as ErrorBody from "@privx-kit/core/ErrorBody"
import * as Result from "effect/Result"
import { type Check, failed, notLooked, passed } from "../../Check.ts"

export const notEmpty: Check = {
  name: "notEmpty",
  title: "Not empty",
  documentation: "The file contains at least one byte that is not white space.",
  why: "A shell reports success for an empty file, although nothing is set up.",
  hint: "Download the script again with a new setup session. If it is empty again, check the PrivX log.",
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
  title: "No error response",
  documentation:
    "The file is not JSON. An error body of PrivX is named with its code. Any other JSON, or a truncated JSON " +
    "object, fails as well.",
  why: "The server answered with an error in place of the script.",
  hint: "Look up the error code, correct its cause, and download the script again.",
  requirement: "required",
  run: ({ script }) => {
    if (!/^[[{"]/.test(beginning(script.bytes))) return passed("does not start like JSON")
    if (Result.isFailure(script.text)) return notLooked(script.text.failure.detail)
    const text = withoutMark(script.text.success).trim()
    const json = Result.try(() => JSON.parse(text) as unknown)
    if (Result.isFailure(json)) {
      return /^\{\s*"[^"\n]*"\s*:/.test(text)
        ? failed("starts like a JSON object that is cut off or malformed")
        : passed("is not JSON")
    }
    const body = ErrorBody.parse(json.success)
    if (body === undefined) return failed("is JSON, not a script")
    return failed(
      `is an error body of PrivX: ${body.code}${body.errorMessage === undefined ? "" : `: ${body.errorMessage}`}`
    )
  }
}

export const notHtml: Check = {
  name: "notHtml",
  title: "No web page",
  documentation:
    "The file does not start like HTML or XML, as a page of a proxy, load balancer or login does. HTML " +
    "in a here-document passes.",
  why: "A server other than PrivX responded to the download.",
  hint: "Check the base URL, and whether a proxy or load balancer answers in place of PrivX.",
  requirement: "required",
  run: ({ script }) =>
    /^<(?:[a-z]|!--|!doctype|\?xml)/i.test(beginning(script.bytes))
      ? failed(`starts like a web page: ${beginning(script.bytes).slice(0, 40)}`)
      : passed("does not start like HTML or XML")
}

/** The first characters, read as Latin-1: these checks search only for ASCII. */
const beginning = (bytes: Uint8Array): string =>
  withoutMark(new TextDecoder().decode(bytes.subarray(0, 4096))).trimStart()

const withoutMark = (text: string): string => (text.startsWith("\ufeff") ? text.slice(1) : text)
