/** The compression that an answer says it has. Unpacking it is for the platform. */

/** The applied codings, in order, without `identity` and empty entries. */
export const parse = (header: string | ReadonlyArray<string> | undefined): ReadonlyArray<string> => {
  if (header === undefined) return []
  const text = typeof header === "string" ? header : header.join(",")
  return text
    .split(",")
    .map((coding) => coding.trim().toLowerCase())
    .filter((coding) => coding !== "" && coding !== "identity")
}

/** What became of a body that was to be unpacked. */
export type Outcome =
  | { readonly _tag: "Unpacked"; readonly body: Uint8Array }
  | { readonly _tag: "TooLarge" }
  /** Not what it says that it is, cut short, or packed in a way that is not known. */
  | { readonly _tag: "Unreadable" }
