/**
 * Checks of what the script makes a host trust: the certificates in it, and the address that it is for.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import { isIP } from "node:net"
import { type Check, failed, failedAt, type Input, passed, skipped, warnedAt } from "../Check.ts"
import type { ExpectedConfiguration } from "../VerificationPolicy.ts"
import type { Place } from "../VerificationReport.ts"
import { embedded, nameOf } from "./certificates.ts"
import { locator } from "./locator.ts"

const day = 86_400_000

export const certificates: Check = {
  name: "certificates",
  title: "carries valid certificates",
  documentation:
    "Each PEM certificate in the script can be read, its own signature fits it where it signed itself, and it is valid now. " +
    "One that ends within 30 days is warned of. Does not apply where there is none; one that is packed or encoded otherwise " +
    "is not found.",
  hint: "Renew the certificates in the UEBA configuration of PrivX and download the script again; a damaged one means a damaged file.",
  requirement: "required",
  run: ({ script: { text } }) =>
    Effect.map(Clock.currentTimeMillis, (now) => {
      if (Result.isFailure(text)) return skipped(text.failure.detail)
      const at = locator(text.success)
      const found = embedded(text.success)
      const wrong: Array<Place> = []
      const soon: Array<Place> = []
      for (const { certificate, offset } of found) {
        const place = (message: string): Place => ({ message, position: at(offset) })
        if (Result.isFailure(certificate)) {
          wrong.push(place(`the certificate ${certificate.failure}`))
          continue
        }
        const { validFromDate, validToDate } = certificate.success
        const name = nameOf(certificate.success)
        if (validToDate.getTime() < now) wrong.push(place(`${name} expired on ${dateOf(validToDate)}`))
        else if (validFromDate.getTime() > now)
          wrong.push(place(`${name} is valid only from ${dateOf(validFromDate)} on`))
        else if (validToDate.getTime() < now + 30 * day) soon.push(place(`${name} expires on ${dateOf(validToDate)}`))
      }
      if (found.length === 0) return skipped("there is no PEM certificate in it")
      if (wrong.length > 0) return failedAt(messagesOf(wrong), wrong)
      return soon.length > 0 ? warnedAt(messagesOf(soon), soon) : passed(`${found.length} read, valid now`)
    })
}

const dateOf = (date: Date): string => date.toISOString().slice(0, 10)

const messagesOf = (places: ReadonlyArray<Place>): string => places.map(({ message }) => message).join("; ")

/** Runs where there is a text and a configuration, in which something stands, to compare it with. */
const compared =
  (look: (text: string, configuration: ExpectedConfiguration) => ReturnType<Check["run"]>) =>
  ({ expected: { configuration, configurationUnknown }, script: { text } }: Input) => {
    if (configuration === undefined) {
      return skipped(
        configurationUnknown === undefined
          ? "no UEBA configuration was given"
          : `the UEBA configuration is not known: ${configurationUnknown}`
      )
    }
    if (configuration.address.trim() === "" && configuration.trust_anchors.trim() === "") {
      return skipped("the UEBA configuration is empty: no address, no trust anchors")
    }
    return Result.isFailure(text) ? skipped(text.failure.detail) : look(text.success, configuration)
  }

export const certificateNames: Check = {
  name: "certificateNames",
  title: "carries certificates for its address",
  documentation:
    "A certificate in the script that is no authority's is for the host of the configured address. Does not apply without a " +
    "configuration, without an address in it, or where all certificates are authorities.",
  hint: "Compare the address of the UEBA configuration with the names in the certificate.",
  requirement: "warned",
  run: compared((text, { address }) => {
    const host = hostOf(address)
    if (host === "") return skipped("the configuration has no address")
    const at = locator(text)
    const leaves = embedded(text).flatMap(({ certificate, offset }) =>
      Result.isSuccess(certificate) && !certificate.success.ca ? [{ certificate: certificate.success, offset }] : []
    )
    if (leaves.length === 0) return skipped("there is no certificate in it but those of authorities")
    const wrong = leaves
      .filter(
        ({ certificate }) => (isIP(host) === 0 ? certificate.checkHost(host) : certificate.checkIP(host)) === undefined
      )
      .map(({ certificate, offset }) => ({
        message: `${nameOf(certificate)} is not for ${host}`,
        position: at(offset)
      }))
    return wrong.length > 0 ? failedAt(messagesOf(wrong), wrong) : passed(`for ${host}`)
  })
}

export const configuredAddress: Check = {
  name: "configuredAddress",
  title: "is for the configured address",
  documentation:
    "The address of the UEBA configuration stands in the script. How a set-up script carries it is not documented: its text " +
    "is looked for anywhere. Does not apply where the configuration is not known, or is empty.",
  hint: "The script is for another UEBA host than PrivX is configured for now: download it again, or look who changed the configuration.",
  // How a set-up script carries it is not documented: a guess must not refuse every genuine script.
  requirement: "warned",
  run: compared((text, { address }) => {
    const wanted = address.trim()
    if (wanted === "") return failed("the configuration has no address")
    if (mentions(text, wanted)) return passed(wanted)
    const host = hostOf(wanted)
    return failed(
      `${wanted} stands nowhere in it${host !== wanted && mentions(text, host) ? `, and ${host} does` : ""}`
    )
  })
}

/** Whether `wanted` stands there as a whole: neither the end nor the beginning of a longer name, address or port. */
const mentions = (text: string, wanted: string): boolean => {
  for (let at = text.indexOf(wanted); at !== -1; at = text.indexOf(wanted, at + 1)) {
    if (
      !/[\w.-]/.test(text.charAt(at - 1)) &&
      !/^(?:[\w-]|\.\w)/.test(text.slice(at + wanted.length, at + wanted.length + 2))
    ) {
      return true
    }
  }
  return false
}

/** `host` of `host`, `host:port`, `[address]:port` and of a URL. */
const hostOf = (address: string): string => {
  const authority = /^(?:[a-z][a-z0-9+.-]*:\/\/)?(?:[^/@]*@)?([^/?#]*)/i.exec(address.trim())?.[1] ?? ""
  const literal = /^\[([^\]]*)\]/.exec(authority)?.[1]
  // Two colons without brackets: an address of IPv6, and no port.
  return literal ?? (authority.split(":").length > 2 ? authority : authority.replace(/:\d*$/, ""))
}

export const configuredTrustAnchors: Check = {
  name: "configuredTrustAnchors",
  title: "trusts what is configured",
  documentation:
    "The PEM certificates in the script are those of the UEBA configuration: none is missing, none is there beside them. The " +
    "order and the way they are written do not matter. Does not apply where the configuration is not known, or is empty.",
  hint: "Find out where the certificate comes from before you run the script: with it, the host trusts somebody else.",
  // As above.
  requirement: "warned",
  run: compared((text, { trust_anchors }) => {
    const configured = embedded(trust_anchors)
    const unreadable = configured.find(({ certificate }) => Result.isFailure(certificate))
    if (unreadable !== undefined || (configured.length === 0 && trust_anchors.trim() !== "")) {
      return failed("the trust anchors of the configuration cannot be read")
    }
    const at = locator(text)
    const wanted = new Map(
      configured.flatMap(({ certificate }) =>
        Result.isSuccess(certificate)
          ? [[certificate.success.fingerprint256, nameOf(certificate.success)] as const]
          : []
      )
    )
    const there = new Set<string>()
    const foreign: Array<Place> = []
    for (const { certificate, offset } of embedded(text)) {
      const fingerprint = Result.isSuccess(certificate) ? certificate.success.fingerprint256 : ""
      if (wanted.has(fingerprint)) there.add(fingerprint)
      else {
        const name = Result.isSuccess(certificate) ? nameOf(certificate.success) : "a certificate that cannot be read"
        foreign.push({ message: `${name} is not configured`, position: at(offset) })
      }
    }
    const missing = [...wanted]
      .filter(([fingerprint]) => !there.has(fingerprint))
      .map(([, name]) => `${name} is missing`)
    if (missing.length + foreign.length === 0) return passed(`${wanted.size} as configured`)
    const detail = [...missing, ...foreign.map(({ message }) => message)].join("; ")
    return foreign.length === 0 ? failed(detail) : failedAt(detail, foreign)
  })
}
