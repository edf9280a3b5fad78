/** Sign-in with a token of the server. The token is kept in memory, so a reload of the page asks for it again. */
import { useQuery } from "@tanstack/react-query"
import { useState } from "react"
import { api, Failure, unwrap } from "../api/Client.ts"

/** Why the sign-in at the issuer failed. */
const refusals: Readonly<Record<string, string>> = {
  denied: "You cancelled the sign-in.",
  noRole: "Your account has no role here. An administrator of the issuer can give you one.",
  expired: "The sign-in took too long. Sign in again.",
  again: "The sign-in took too long, or was started in another browser. Sign in again.",
  unavailable: "The issuer cannot be reached. Try again later.",
  invalid: "The issuer's answer could not be verified. Sign in again."
}

export const SignIn = ({
  onToken,
  problem
}: {
  readonly problem: Error | undefined
  readonly onToken: (token: string) => void
}) => {
  const [token, setToken] = useState("")
  const methods = useQuery({ queryKey: ["sign-in"], queryFn: () => unwrap(api.GET("/api/v1/sign-in")) })
  const oidc = methods.data?.oidc ?? undefined
  const refusal = refusals[new URLSearchParams(location.search).get("sign-in") ?? ""]
  const back = refusal === undefined ? `${location.pathname}${location.search}` : "/runs"
  return (
    <main className="sign-in">
      <h1>privx-kit</h1>
      {refusal !== undefined && (
        <p className="notice problem" role="alert">
          {refusal}
        </p>
      )}
      {oidc !== undefined && (
        <a className="button primary" href={`${oidc.login}?return=${encodeURIComponent(back)}`}>
          Sign in with {new URL(oidc.issuer).host}
        </a>
      )}
      <form
        onSubmit={(event) => {
          event.preventDefault()
          if (token.trim() !== "") onToken(token.trim())
        }}
      >
        <h2>Sign in with a token</h2>
        <label htmlFor="token">Token</label>
        <input
          id="token"
          type="password"
          autoComplete="off"
          autoFocus
          spellCheck={false}
          value={token}
          aria-describedby="token-help"
          aria-invalid={problem !== undefined}
          onChange={(event) => setToken(event.target.value)}
        />
        <p id="token-help" className="quiet">
          Ask an administrator for one: <code>privx-kit serve token</code> creates it. The page keeps it in memory only.
        </p>
        {problem !== undefined && (
          <p className="problem" role="alert">
            {problem.message} {problem instanceof Failure ? problem.hint : ""}
          </p>
        )}
        <button type="submit" className="primary">
          Sign in
        </button>
      </form>
    </main>
  )
}
