/** The person who did something: the display name and the recorded identity. */
import type { Run } from "../api/Client.ts"
import { plain } from "./Plain.tsx"

type Names = Run["displayNames"]

/** Only the name, with the identity on hover. */
export const Person = ({ identity, names }: { readonly identity: string | null; readonly names: Names }) => {
  if (identity === null) return <span className="quiet">–</span>
  const name = Object.hasOwn(names, identity) ? names[identity] : undefined
  return name === undefined ? <>{plain(identity)}</> : <span title={identity}>{plain(name)}</span>
}

/** With the identity below it, for decisions, because display names are not unique. */
export const Identity = ({ identity, names }: { readonly identity: string | null; readonly names: Names }) => (
  <>
    <Person identity={identity} names={names} />
    {identity !== null && Object.hasOwn(names, identity) && <div className="quiet">{plain(identity)}</div>}
  </>
)
