/** The positions of the parts of a policy file. */
export type Path = ReadonlyArray<PropertyKey>

/** Lines and columns count from 1. */
export interface Place {
  readonly line: number
  readonly column: number
}

export interface Places {
  readonly names: Map<string, Place>
  readonly values: Map<string, Place>
}

export const keyOf = (path: Path): string => JSON.stringify(path.map(String))
