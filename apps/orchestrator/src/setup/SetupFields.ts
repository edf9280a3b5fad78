/**
 * The inputs of a setup, each defined once: its name, the kind of its value, and its description for users.
 *
 * Everything with these inputs is derived from this table: the flags (`SetupFlags`), the request, the journal and the
 * bodies of the API (`SetupInputs`), and the fields of fleet and bootstrap files (`SetupFileFields`). Flags use kebab
 * case (`--max-bytes`), files snake case (`max_bytes`). The table imports nothing, because `--help` loads it.
 */

export interface SetupField {
  readonly kind: "directory" | "sha256" | "size" | "policy" | "approval" | "mode" | "owner"
  /** The description in the API. */
  readonly description: string
  /** The description in the help of the flag; without it, there is no flag. */
  readonly flag?: string
  /** The description in the JSON Schema of the files; without it, no file has the field. */
  readonly file?: string
}

/** In the order of the journal, so that equal inputs have equal texts. */
export const setupFields = {
  output: {
    kind: "directory",
    description: "Absolute path of the directory for the script",
    flag: "Directory for the script and its manifest; without it they stay in the data directory",
    file: "Directory for the setup script and its manifest"
  },
  sha256: {
    kind: "sha256",
    description: "SHA-256 that the script must have",
    flag: "SHA-256 that the script must have, 64 hexadecimal digits",
    file: "SHA-256 that the script must have"
  },
  minBytes: {
    kind: "size",
    description: "The smallest script to accept, in bytes",
    file: "The smallest script to accept, in bytes"
  },
  maxBytes: {
    kind: "size",
    description: "The largest script to accept, in bytes; default 4 MiB",
    flag: "Size limit of the script, in bytes (default 4 MiB)",
    file: "The largest script to accept, in bytes; default 4 MiB"
  },
  policy: {
    kind: "policy",
    description: "Policy that the script must satisfy",
    flag: "Policy of the verification, in TOML or JSON: checks, known digests, signature, configuration",
    file: "Policy file of the verification"
  },
  requireApproval: {
    kind: "approval",
    description: "When a person must approve the script; default never",
    flag: "When the run requires an approval (privx-kit runs approve): always; changed: if the script differs from the baseline or the approved script; never (default)",
    file: "When the run requires an approval (privx-kit runs approve) before it delivers the script; default never"
  },
  mode: {
    kind: "mode",
    description: "Permissions of the delivered script; default 0700",
    flag: "Permissions of the script in the output directory (default 0700)",
    file: "Permissions of the script in the output directory; default 0700"
  },
  owner: {
    kind: "owner",
    description: "Owner of the delivered script",
    flag: "Owner of the script in the output directory; for root only"
  }
} as const satisfies Readonly<Record<string, SetupField>>

export type SetupFields = typeof setupFields

export type SetupFieldName = keyof SetupFields
