/** What the interpretation of a script finds: what it does to the host, and where it writes. */
import type { FactKind } from "../../ScriptFacts.ts"
import type { Owner } from "../rules/otherSoftware.ts"
import type { Site } from "../syntax/shellTree.ts"

export interface FoundFact {
  readonly kind: FactKind
  readonly subject: string
  readonly by: string
  readonly concern: string | undefined
  /** Removes or changes much more than a single file or object. */
  readonly broad: boolean
  readonly site: Site
  /** The software that the change concerns. If it is the script's own, the concern does not apply. */
  readonly owner: Owner | undefined
}

export interface FoundWrite {
  readonly site: Site
  readonly by: string
  /** Contains marks for parts that the text does not determine. */
  readonly path: string
}
