/**
 * Verifies in the browser the signature of an attestation (DSSE, Ed25519), and that it covers the shown manifest. The key
 * comes from the same server: compare its digest with one that you trust.
 */
export interface Verdict {
  readonly state: "verified" | "wrong" | "unknown"
  readonly detail: string
  /** SHA-256 of the public key's DER form. */
  readonly key?: string
}

const encoder = new TextEncoder()

const fromBase64 = (text: string): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (character) => character.charCodeAt(0))

const hex = (bytes: ArrayBuffer): string =>
  [...new Uint8Array(bytes)].map((byte) => byte.toString(16).padStart(2, "0")).join("")

/** The signed bytes: the pre-authentication encoding of DSSE. */
const encoding = (type: string, payload: Uint8Array): Uint8Array<ArrayBuffer> => {
  const head = encoder.encode(`DSSEv1 ${encoder.encode(type).length} ${type} ${payload.length} `)
  const all = new Uint8Array(head.length + payload.length)
  all.set(head)
  all.set(payload, head.length)
  return all
}

export const verify = async (manifest: string, attestation: string, publicKey: string): Promise<Verdict> => {
  // Browsers offer it only on HTTPS and on this machine.
  const subtle: SubtleCrypto | undefined = globalThis.crypto.subtle
  if (subtle === undefined) return { state: "unknown", detail: "this browser can verify on HTTPS only" }
  try {
    const der = fromBase64(publicKey.replace(/-----[^-]+-----|\s/g, ""))
    const key = await subtle.importKey("spki", der, "Ed25519", false, ["verify"])
    const fingerprint = hex(await subtle.digest("SHA-256", der))
    // Compares values: the manifest is indented, and its copy in the statement is not.
    const expected = JSON.stringify(JSON.parse(manifest))
    const lines = attestation.split("\n").filter((line) => line.trim() !== "")
    for (const line of lines) {
      const envelope = JSON.parse(line)
      const payload = fromBase64(envelope.payload)
      const signed = encoding(envelope.payloadType, payload)
      for (const { sig } of envelope.signatures) {
        if (!(await subtle.verify("Ed25519", key, fromBase64(sig), signed))) {
          return { state: "wrong", detail: "the signature does not fit", key: fingerprint }
        }
      }
      if (JSON.stringify(JSON.parse(new TextDecoder().decode(payload)).predicate) !== expected) {
        return { state: "wrong", detail: "it is about another manifest", key: fingerprint }
      }
    }
    return lines.length > 0
      ? { state: "verified", detail: "signature and manifest fit", key: fingerprint }
      : { state: "unknown", detail: "there is no signature" }
  } catch {
    return { state: "unknown", detail: "this browser cannot read the attestation" }
  }
}
