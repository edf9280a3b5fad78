/** What is asked for: about 150 bytes of JSON. */

export interface Thing {
  readonly id: string
  readonly name: string
  readonly created: string
  readonly size: number
  readonly active: boolean
  readonly tags: ReadonlyArray<string>
}

export const thing: Thing = {
  id: "0f8fad5b-d9cb-469f-a165-70867728950e",
  name: "setup session",
  created: "2025-11-22T06:00:00Z",
  size: 4096,
  active: true,
  tags: ["ueba", "linux"]
}

/** The bearer token that every client sends. */
export const token = "benchmark-token"
