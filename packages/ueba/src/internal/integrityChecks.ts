/**
 * Checks of the file as a whole, against what is known about it from elsewhere.
 */
import * as Result from "effect/Result"
import { type Check, failed, passed, skipped } from "../Check.ts"
import * as DetachedSignature from "../DetachedSignature.ts"

export const withinSizeLimits: Check = {
  name: "withinSizeLimits",
  title: "has a plausible size",
  documentation:
    "The file is neither smaller nor larger than the limits (1 byte and 4 MiB unless said otherwise). What is larger is " +
    "hashed, and not read by the checks that look at the text.",
  hint: "Set other limits if such a size is right; a set-up script is a few kilobytes.",
  requirement: "required",
  run: ({ expected: { maxBytes, minBytes }, script: { size } }) =>
    size < minBytes
      ? failed(`${size} bytes, less than the ${minBytes} expected at least`)
      : size > maxBytes
        ? failed(`${size} bytes, more than the ${maxBytes} allowed`)
        : passed(`${size} bytes, within ${minBytes} to ${maxBytes}`)
}

export const announcedLength: Check = {
  name: "announcedLength",
  title: "has the announced length",
  documentation:
    "The file has as many bytes as the server announced (Content-Length). Does not apply where it announced none.",
  hint: "Download it again; if it stays, look for a proxy that cuts or rewrites what passes through.",
  requirement: "required",
  run: ({ expected: { announcedLength }, script: { size } }) =>
    announcedLength === undefined
      ? skipped("the server announced no length")
      : size === announcedLength
        ? passed(`${size} bytes, as announced`)
        : failed(`${size} bytes, and ${announcedLength} were announced`)
}

export const sha256Pin: Check = {
  name: "sha256Pin",
  title: "is the script that was approved",
  documentation: "The file's SHA-256 is the one that was given. Does not apply where none was given.",
  hint: "This is not the script that was approved: compare it with that one before you approve it or use it.",
  requirement: "required",
  run: ({ expected, script }) =>
    expected.sha256 === undefined
      ? skipped("no SHA-256 was given")
      : expected.sha256.toLowerCase() === script.sha256
        ? passed("the SHA-256 is the one given")
        : failed(`the SHA-256 is ${script.sha256}, and ${expected.sha256} was given`)
}

export const knownDigest: Check = {
  name: "knownDigest",
  title: "is one of the scripts known to be good",
  documentation:
    "The file's SHA-256 is on the list of digests that was given, such as a pin file. Does not apply where no list was given; " +
    "on an empty list there is none.",
  hint: "This script is not on the list: compare it with the last one that is before you add it.",
  requirement: "required",
  run: ({ expected: { knownDigests }, script: { sha256 } }) => {
    if (knownDigests === undefined) return skipped("no list of digests was given")
    const known = knownDigests.find((digest) => digest.sha256.toLowerCase() === sha256)
    if (known === undefined) {
      return failed(`the SHA-256 ${sha256} is none of the ${knownDigests.length} known`)
    }
    return passed(known.comment === undefined ? "on the list" : `on the list: ${known.comment}`)
  }
}

export const signature: Check = {
  name: "signature",
  title: "is signed",
  documentation:
    "The detached signature that was given is one of this file by the public key that was given: minisign (Ed25519, with its " +
    "trusted comment), or ECDSA on P-256 over SHA-256 as cosign and openssl make it. Does not apply where none was given.",
  hint: "Do not run it: it is not what was signed, or was signed with another key. Compare the key with its owner's.",
  requirement: "required",
  run: ({ expected, script: { bytes } }) =>
    expected.signature === undefined
      ? skipped("no signature was given")
      : Result.match(DetachedSignature.verify(bytes, expected.signature), {
          onFailure: (reason) => failed(reason),
          onSuccess: passed
        })
}
