/** The user of the page, and the permissions of the role. Controls that the role forbids are hidden. */
import { useQuery, useQueryClient } from "@tanstack/react-query"
import { createContext, type ReactNode, useContext, useEffect, useState } from "react"
import {
  api,
  Failure,
  type Me,
  hasToken,
  onForbidden,
  onSignedOut,
  request,
  type Right,
  setToken,
  unwrap
} from "../api/Client.ts"
import { ErrorNotice } from "../parts/Notice.tsx"
import { SignIn } from "./SignIn.tsx"

interface Session {
  readonly me: Me
  readonly may: (right: Right) => boolean
  readonly signOut: () => void
}

/** Ends the session of the server, and that of the issuer if possible. */
const leave = async (): Promise<void> => {
  const answer = await request("/auth/logout", { method: "POST" })
  const { location: next } = answer.ok ? ((await answer.json()) as { readonly location: string }) : { location: "/" }
  location.assign(next)
}

const Context = createContext<Session | undefined>(undefined)

export const useSession = (): Session => {
  const session = useContext(Context)
  if (session === undefined) throw new Error("there is no session here")
  return session
}

export const SessionGate = ({ children }: { readonly children: ReactNode }) => {
  const queries = useQueryClient()
  const [given, setGiven] = useState(false)
  const [ended, setEnded] = useState(false)
  const [entering, setEntering] = useState(false)
  const me = useQuery({
    queryKey: ["me"],
    queryFn: () => unwrap(api.GET("/api/v1/me")),
    retry: (count, error) => count < 5 && !(error instanceof Failure && error.status !== 0),
    staleTime: Number.POSITIVE_INFINITY
  })
  useEffect(
    () =>
      onSignedOut(() => {
        setToken(undefined)
        setEnded(true)
      }),
    []
  )
  useEffect(
    () =>
      onForbidden(() => {
        // Skipped if this request was forbidden, because it would be repeated without end.
        if (queries.getQueryState(["me"])?.fetchStatus === "idle") {
          void queries.invalidateQueries({ queryKey: ["me"] })
        }
      }),
    [queries]
  )
  const signIn = (token: string) => {
    setToken(token)
    setGiven(true)
    setEnded(false)
    setEntering(true)
    void me.refetch().finally(() => setEntering(false))
  }
  if (entering || me.isLoading) {
    return (
      <p className="centered" role="status">
        Loading…
      </p>
    )
  }
  const refused = me.error instanceof Failure && (me.error.status === 401 || me.error.status === 429)
  if (ended || refused) {
    return <SignIn problem={refused && given ? (me.error ?? undefined) : undefined} onToken={signIn} />
  }
  if (me.error !== null || me.data === undefined) {
    return (
      <main className="centered">
        <ErrorNotice
          error={me.error ?? new Error("The server did not say who you are.")}
          retry={() => void me.refetch()}
        />
      </main>
    )
  }
  const session: Session = {
    me: me.data,
    may: (right) => me.data.rights.includes(right),
    signOut: () => {
      if (!hasToken()) return void leave()
      setToken(undefined)
      setGiven(false)
      setEnded(true)
      queries.clear()
    }
  }
  return <Context value={session}>{children}</Context>
}
