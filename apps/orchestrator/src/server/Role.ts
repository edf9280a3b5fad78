/** The permissions of the token roles. */
import * as Context from "effect/Context"
import * as Schema from "effect/Schema"

/**
 * - `viewer`: list, show and watch runs, and read manifests
 * - `operator`: also submit, cancel and retry, and get the scripts of runs that have succeeded
 * - `approver`: the permissions of a viewer, and approve, reject and download scripts; nothing else
 * - `admin`: everything
 */
export const Role = Schema.Literals(["viewer", "operator", "approver", "admin"])

export type Role = typeof Role.Type

export const Right = Schema.Literals(["look", "submit", "decide", "script", "unapprovedScript", "administer"])

export type Right = typeof Right.Type

const rights: Record<Role, ReadonlyArray<Right>> = {
  viewer: ["look"],
  operator: ["look", "submit", "script"],
  approver: ["look", "decide", "script", "unapprovedScript"],
  admin: ["look", "submit", "decide", "script", "unapprovedScript", "administer"]
}

export const allows = (role: Role, right: Right): boolean => rights[role].includes(right)

export const rightsOf = (role: Role): ReadonlyArray<Right> => rights[role]

/** The roles with this permission, for messages and documents. */
export const allowed = (right: Right): string => Role.literals.filter((role) => allows(role, right)).join(", ")

/** The permission that an endpoint requires, as an annotation. */
export const Needs = Context.Reference<Right>("privx-kit/server/Needs", { defaultValue: () => "administer" })
