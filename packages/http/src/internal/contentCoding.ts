/** The compression that a response declares. The platform decompresses it. */

/** The applied codings, in order, without `identity` and empty entries. */
export const parse = (header: string | ReadonlyArray<string> | undefined): ReadonlyArray<string> => {
  if (header === undefined) return []
  const text = typeof header === "string" ? header : header.join(",")
  return text
    .split(",")
    .map((coding) => coding.trim().toLowerCase())
    .filter((coding) => coding !== "" && coding !== "identity")
}

/** The result of decompressing a body. */
export type Outcome =
  | { readonly _tag: "Unpacked"; readonly body: Uint8Array }
  | { readonly _tag: "TooLarge" }
  /** The body is not what it declares to be, is cut short, or has an unsupported coding. */
  | { readonly _tag: "Unreadable" }
