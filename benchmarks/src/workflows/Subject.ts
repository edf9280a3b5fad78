/** A durable workflow of three steps, as one engine has it. */
import type { Counts } from "./counting.ts"

export interface Subject {
  /** One workflow from its submission to its result; a new one each time. */
  readonly run: () => Promise<unknown>
  /** What the database was asked for so far, where this process counts it. */
  readonly counts?: () => Counts
}

export interface Place {
  /** An empty directory of this subject's own. */
  readonly directory: string
  /** A database of this subject's own. */
  readonly databaseUrl: string
  /** A simulated PrivX in another process. */
  readonly url: string
  readonly token: string
}
