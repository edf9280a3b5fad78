/** Checks that compare the whole file with facts from other sources. */
import * as Result from "effect/Result"
import { type Check, failed, notApplicable, passed, warned } from "../../Check.ts"
import * as DetachedSignature from "../../DetachedSignature.ts"

export const withinSizeLimits: Check = {
  name: "withinSizeLimits",
  title: "Size within limits",
  documentation:
    "The size of the file is within the limits (by default 1 byte and 4 MiB). A larger " +
    "file is hashed but not read, so the checks of its text cannot examine it.",
  why:
    "A setup script usually has a few kilobytes; a file of a very different size is probably not one, and a very large one is not " +
    "read.",
  hint: "If the size is expected, change the limits.",
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
  title: "Announced length",
  documentation:
    "The file has as many bytes as the server announced (Content-Length). If the server announced no length for " +
    "a download, the check warns, because a truncated download cannot be recognized; a policy that demands " +
    "this check refuses such a download. Not applicable to a file that was not downloaded.",
  why: "A truncated script stops halfway through the setup.",
  hint:
    "Download the script again. If the check fails again, find the proxy that truncates, rewrites or streams responses " +
    "without a length.",
  requirement: "required",
  run: ({ expected: { announcedLength }, script: { size } }) =>
    announcedLength === undefined
      ? notApplicable("the file was not downloaded, or its announced length was not given")
      : announcedLength === "unknown"
        ? warned(`${size} bytes, but the server announced no length, so the download may be truncated`)
        : size === announcedLength
          ? passed(`${size} bytes, as announced`)
          : failed(`${size} bytes, but ${announcedLength} were announced`)
}

export const sha256Pin: Check = {
  name: "sha256Pin",
  title: "Pinned SHA-256",
  documentation:
    "The file's SHA-256 equals the expected one: that of the baseline, which was trusted on first use, or that of a " +
    "script that a named person approved. Not applicable without an expected digest.",
  why: "The script differs from the baseline or the approved script of this host.",
  hint: "Compare the script with the baseline or the approved script before you approve or use it.",
  requirement: "required",
  run: ({ expected, script }) =>
    expected.sha256 === undefined
      ? notApplicable("no SHA-256 was given")
      : expected.sha256.toLowerCase() === script.sha256
        ? passed("the SHA-256 is the expected one")
        : failed(`the SHA-256 is ${script.sha256}, but ${expected.sha256} is expected`)
}

export const knownDigest: Check = {
  name: "knownDigest",
  title: "Known digest",
  documentation:
    "The file's SHA-256 is on the list of known digests, such as a pin file. Not applicable without a list; an " +
    "empty list fails every script.",
  why: "The script is not on the list of scripts that may be used.",
  hint: "Compare the script with the latest one on the list before you add its digest.",
  requirement: "required",
  run: ({ expected: { knownDigests }, script: { sha256 } }) => {
    if (knownDigests === undefined) return notApplicable("no list of digests was given")
    const known = knownDigests.find((digest) => digest.sha256.toLowerCase() === sha256)
    if (known === undefined) {
      return failed(`the SHA-256 ${sha256} is not among the ${knownDigests.length} known digests`)
    }
    return passed(known.comment === undefined ? "on the list" : `on the list: ${known.comment}`)
  }
}

export const signature: Check = {
  name: "signature",
  title: "Signature",
  documentation:
    "The given public key verifies the detached signature of the file: minisign (Ed25519, with its trusted " +
    "comment), or ECDSA on P-256 over SHA-256, as made by cosign and openssl. Not applicable without a signature.",
  why: "The owner of the key did not sign this script.",
  hint: "Do not run the script. Check that the key is its owner's, and ask for a new signature.",
  requirement: "required",
  run: ({ expected, script: { bytes } }) =>
    expected.signature === undefined
      ? notApplicable("no signature was given")
      : Result.match(DetachedSignature.verify(bytes, expected.signature), {
          onFailure: (reason) => failed(reason),
          onSuccess: passed
        })
}
