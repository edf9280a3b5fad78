/**
 * TLS contexts, shared by connections that trust the same certificate authorities.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Layer from "effect/Layer"
import * as tls from "node:tls"
import * as Tls from "./Tls.ts"

/** Programs trust one set of authorities, or a few. */
const capacity = 4

const make = (): SecureContexts => {
  // Ordered by last use.
  const contexts = new Map<string, { readonly context: tls.SecureContext; readonly roots: ReadonlyArray<string> }>()
  return {
    get: (options) => {
      // With a client certificate, the context holds a private key: it must not outlive its connection.
      if (options.clientCertificate !== undefined) return Tls.secureContext(options)
      const roots = tls.getCACertificates("default")
      const key = JSON.stringify([options.onlyCa === true, ...Tls.caBlocks(options)])
      const known = contexts.get(key)
      // A program can change the certificates that Node trusts.
      const context = known?.roots === roots ? known.context : Tls.secureContext(options)
      contexts.delete(key)
      contexts.set(key, { context, roots })
      const [oldest] = contexts.size > capacity ? contexts.keys() : []
      if (oldest !== undefined) contexts.delete(oldest)
      return context
    }
  }
}

/**
 * @since 0.1.0
 * @category models
 */
export interface SecureContexts {
  /** Finds or makes the context. Throws if a certificate or a key cannot be used. */
  readonly get: (options: Tls.Options) => tls.SecureContext
}

/**
 * The contexts that `Connection` uses. Without a layer, the whole process shares one set.
 *
 * @since 0.1.0
 * @category references
 */
export const SecureContexts = Context.Reference<SecureContexts>("@privx-kit/http/SecureContexts", {
  defaultValue: make
})

/**
 * Gives the connections made under this layer contexts of their own, which are released with the layer.
 *
 * **When to use**: in a long-running program that opens connections with changing certificate authorities, such as a
 * test.
 *
 * @example
 * ```ts
 * import * as Layer from "effect/Layer"
 * import { Connection } from "@privx-kit/http/Connection"
 * import * as SecureContexts from "@privx-kit/http/SecureContexts"
 *
 * const connection = Connection.layer({ baseUrl: new URL("https://privx.example.com") }).pipe(
 *   Layer.provide(SecureContexts.layer)
 * )
 * ```
 *
 * @since 0.1.0
 * @category layers
 */
export const layer: Layer.Layer<never> = Layer.sync(SecureContexts, make)
