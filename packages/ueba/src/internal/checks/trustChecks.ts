/** Checks of the certificates and the address that the script contains. */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import {
  type Check,
  failed,
  failedAt,
  type Finding,
  notApplicable,
  notLooked,
  overText,
  passed,
  warnedAt
} from "../../Check.ts"
import type { ExpectedConfiguration } from "../../VerificationPolicy.ts"
import type { Place } from "../../VerificationReport.ts"
import { embedded, isFor, nameOf } from "../text/certificates.ts"
import { hostOf } from "../text/hostOf.ts"
import { locator } from "../syntax/locator.ts"

const day = 86_400_000

export const certificates: Check = {
  name: "certificates",
  title: "Certificates",
  documentation:
    "Each PEM certificate in the script can be parsed, is correctly signed if it is self-signed, and is valid " +
    "now. A certificate that expires within 30 days causes a warning. Not applicable without a certificate; a " +
    "compressed or encoded certificate is not found.",
  why: "The host cannot connect to UEBA with a damaged or invalid certificate.",
  hint:
    "Renew the certificates in the UEBA configuration of PrivX and download the script again. A damaged " +
    "certificate means a damaged file.",
  requirement: "required",
  run: overText((text) =>
    Effect.map(Clock.currentTimeMillis, (now) => {
      const at = locator(text)
      const found = embedded(text)
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
      if (found.length === 0) return notApplicable("there is no PEM certificate in it")
      if (wrong.length > 0) return failedAt(messagesOf(wrong), wrong)
      return soon.length > 0 ? warnedAt(messagesOf(soon), soon) : passed(`${found.length} read, valid now`)
    })
  )
}

const dateOf = (date: Date): string => date.toISOString().slice(0, 10)

const messagesOf = (places: ReadonlyArray<Place>): string => places.map(({ message }) => message).join("; ")

/** Runs only if there is a text and the configuration is not empty. */
const compared =
  (look: (text: string, configuration: ExpectedConfiguration) => Finding): Check["run"] =>
  (input) => {
    const { configuration, configurationUnknown } = input.expected
    if (configuration === undefined) {
      return configurationUnknown === undefined
        ? notApplicable("no UEBA configuration was given")
        : notLooked(`the UEBA configuration is unknown: ${configurationUnknown}`)
    }
    if (configuration.address.trim() === "" && configuration.trust_anchors.trim() === "") {
      return notApplicable("the UEBA configuration is empty: no address, no trust anchors")
    }
    return overText((text) => look(text, configuration))(input)
  }

export const certificateNames: Check = {
  name: "certificateNames",
  title: "Certificate names",
  documentation:
    "A server certificate in the script is valid for the host of the configured address. " +
    "Not applicable without a configuration, without an address in it, or if all certificates are those of " +
    "authorities.",
  why: "The host refuses a certificate for another address.",
  hint: "Compare the address of the UEBA configuration with the names in the certificate.",
  requirement: "warned",
  run: compared((text, { address }) => {
    const host = hostOf(address)
    if (host === "") return notApplicable("the configuration has no address")
    const at = locator(text)
    const leaves = embedded(text).flatMap(({ certificate, offset }) =>
      Result.isSuccess(certificate) && !certificate.success.ca ? [{ certificate: certificate.success, offset }] : []
    )
    if (leaves.length === 0) return notApplicable("all certificates are CA certificates")
    const wrong = leaves
      .filter(({ certificate }) => !isFor(certificate, host))
      .map(({ certificate, offset }) => ({
        message: `${nameOf(certificate)} is not for ${host}`,
        position: at(offset)
      }))
    return wrong.length > 0 ? failedAt(messagesOf(wrong), wrong) : passed(`for ${host}`)
  })
}

export const configuredAddress: Check = {
  name: "configuredAddress",
  title: "Configured address",
  documentation:
    "The script contains the address of the UEBA configuration. How a setup script contains it is not " +
    "documented, so the check searches the whole text. Not applicable if the configuration is unknown or " +
    "empty.",
  why: "The script is for another UEBA host than the one that is configured in PrivX.",
  hint: "Download the script again, or find out who changed the configuration.",
  // How a setup script contains it is not documented, and a guess must not reject every genuine script.
  requirement: "warned",
  run: compared((text, { address }) => {
    const wanted = address.trim()
    if (wanted === "") return failed("the configuration has no address")
    if (mentions(text, wanted)) return passed(wanted)
    const host = hostOf(wanted)
    return failed(`${wanted} is not in the script${host !== wanted && mentions(text, host) ? `, but ${host} is` : ""}`)
  })
}

/** Whether `wanted` occurs as a whole, and not as part of a longer name, address or port. */
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

export const configuredTrustAnchors: Check = {
  name: "configuredTrustAnchors",
  title: "Configured trust anchors",
  documentation:
    "The PEM certificates in the script equal those of the UEBA configuration: none is missing and none is added. " +
    "Order and formatting do not matter. Not applicable if the configuration is unknown or empty.",
  why: "With an additional certificate, the host trusts another party; without a configured one, it does not trust the UEBA server.",
  hint: "Find out the origin of the certificate before you run the script.",
  // The reason is the same as above.
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
