/** What is wrong with the end of a script, and where. */
export interface TailFinding {
  readonly message: string
  readonly offset: number
}

/** A sign that the end is missing. */
export interface Unfinished extends TailFinding {
  /** No complete script was found that ends in the same way. */
  readonly certain: boolean
}
