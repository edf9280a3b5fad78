/** The served setup script, and its UEBA configuration. */
import type { UebaConfiguration } from "@privx-kit/ueba/UebaConfiguration"
import { X509Certificate, createHash } from "node:crypto"
import * as SetupScript from "../SetupScript.ts"
import type { Script } from "./setupScriptResponse.ts"

export class ServedScript {
  readonly #isFixed: boolean
  #configuration: UebaConfiguration
  #script: Script

  constructor(options: { readonly script?: string | Uint8Array; readonly configuration?: Partial<UebaConfiguration> }) {
    this.#isFixed = options.script !== undefined
    // A copy, so that the caller cannot change the served bytes.
    this.#script = withDigest(Uint8Array.from(Buffer.from(options.script ?? SetupScript.text)))
    this.#configuration = {
      ...(this.#isFixed || options.configuration !== undefined ? nothing : SetupScript.configuration),
      ...options.configuration
    }
  }

  /** The response of PrivX, including the descriptions of the trust anchors. */
  get configuration(): UebaConfiguration {
    const info = describe(this.#configuration.trust_anchors) ?? []
    return info.length === 0 ? this.#configuration : { trust_anchors_info: info, ...this.#configuration }
  }

  /** Whether there is a configuration for a script. */
  get isConfigured(): boolean {
    return this.#isFixed || this.#configuration.address !== ""
  }

  get current(): Script {
    return this.#script
  }

  configure(update: Partial<UebaConfiguration>): void {
    const { trust_anchors_info: _, ...before } = this.#configuration
    this.#configuration = { ...before, ...update }
    if (this.#isFixed) return
    const { address, trust_anchors } = this.#configuration
    this.#script = withDigest(Buffer.from(SetupScript.make({ address, trustAnchors: trust_anchors })))
  }
}

const nothing: UebaConfiguration = { address: "", trust_anchors: "" }

const withDigest = (bytes: Uint8Array): Script => ({
  bytes,
  sha256: createHash("sha256").update(bytes).digest("hex")
})

/** The descriptions of PEM certificates; `undefined` if one of them cannot be read. */
export const describe = (pem: string): ReadonlyArray<Record<string, string>> | undefined => {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g) ?? []
  if (blocks.length === 0 && pem.trim() !== "") return undefined
  try {
    return blocks.map((block) => {
      const { fingerprint, fingerprint256, issuer, serialNumber, subject, validFrom, validTo } = new X509Certificate(
        block
      )
      return {
        subject,
        issuer,
        serial: serialNumber,
        not_before: new Date(validFrom).toISOString(),
        not_after: new Date(validTo).toISOString(),
        fingerprint_sha1: fingerprint,
        fingerprint_sha256: fingerprint256
      }
    })
  } catch {
    return undefined
  }
}
