/** What is wrong at the end of a script, with its place. */
export interface TailFinding {
  readonly message: string
  readonly offset: number
}

/** A sign that the end is missing. */
export interface Unfinished extends TailFinding {
  /** No complete script was found that ends in the same way. */
  readonly certain: boolean
  /** Whether the last command only makes something that other commands need. */
  readonly prepares?: boolean
}
