/** What is wrong with the end of a script, and where. */
export interface TailFinding {
  readonly message: string
  readonly offset: number
}
