/** The client of the server API, typed by its OpenAPI document. The token, if there is one, is kept only in memory. */
import createClient from "openapi-fetch"
import type { components, paths } from "./generated/Schema.ts"

export type Run = components["schemas"]["Run"]
export type RunStep = components["schemas"]["RunStep"]
export type RunKind = components["schemas"]["RunKind"]
export type Me = components["schemas"]["Me"]
export type Review = components["schemas"]["Review"]
export type Fleet = components["schemas"]["Fleet"]
export type FleetStanding = components["schemas"]["FleetStanding"]
export type FleetPreview = components["schemas"]["FleetPreview"]
export type Report = components["schemas"]["VerificationReport"]
export type Check = Report["checks"][number]
export type UebaDataset = components["schemas"]["UebaDataset"]
export type KeptAlive = components["schemas"]["KeptAlive"]
export type Status = Run["status"]
export type Right = Me["rights"][number]

/** The failure of a request, with the message of the server. */
export class Failure extends Error {
  readonly status: number
  readonly hint: string

  constructor(status: number, message: string, hint: string) {
    super(message)
    this.status = status
    this.hint = hint
  }
}

let token: string | undefined
const signedOut = new Set<() => void>()
const forbidden = new Set<() => void>()

export const setToken = (value: string | undefined): void => {
  token = value
}

export const hasToken = (): boolean => token !== undefined

/** Calls back when the server no longer accepts the sign-in. */
export const onSignedOut = (listener: () => void): (() => void) => {
  signedOut.add(listener)
  return () => signedOut.delete(listener)
}

/** Calls back when the server forbids a request: the role may have changed. */
export const onForbidden = (listener: () => void): (() => void) => {
  forbidden.add(listener)
  return () => forbidden.delete(listener)
}

/** The header identifies the page: a form or an image of another site cannot send it. */
const headers = (): Record<string, string> => ({
  "x-privx-kit-page": "1",
  ...(token === undefined ? {} : { authorization: `Bearer ${token}` })
})

/** Sends a request with the token of the page. The response may be a failure. */
export const request = (input: string | Request, init: RequestInit = {}): Promise<Response> => {
  const request = new Request(input, init)
  for (const [name, value] of Object.entries(headers())) request.headers.set(name, value)
  return fetch(request)
}

export const api = createClient<paths>({ baseUrl: location.origin, fetch: (input: Request) => request(input) })

/** Returns the response, or throws the failure. */
export const unwrap = async <A>(
  answer: Promise<{ readonly data?: A; readonly error?: unknown; readonly response: Response }>
): Promise<A> => {
  const { data, error, response } = await answer.catch(() => {
    throw unreachable
  })
  if (!response.ok) throw failure(response.status, error)
  return data as A
}

export const unreachable = new Failure(
  0,
  "The server cannot be reached.",
  "Check the connection; the page tries again."
)

export const failure = (status: number, body: unknown): Failure => {
  if (status === 401) for (const listener of signedOut) listener()
  if (status === 403) for (const listener of forbidden) listener()
  const { detail, hint } = textsOf(body)
  return new Failure(status, detail ?? `The server answered with status ${status}.`, hint ?? "Try again.")
}

/** The fields of problem details, which a proxy may send as well. */
const textsOf = (body: unknown): { readonly detail?: string; readonly hint?: string } => {
  if (typeof body !== "object" || body === null) return {}
  const text = (value: unknown) => (typeof value === "string" && value !== "" ? value : undefined)
  const fields = body as Readonly<Record<string, unknown>>
  const detail = text(fields["detail"]) ?? text(fields["title"])
  const hint = text(fields["hint"])
  return { ...(detail === undefined ? {} : { detail }), ...(hint === undefined ? {} : { hint }) }
}

/** Requests a stored script or document of a run as text; `undefined` if the server has none. */
export const text = async (
  id: string,
  part: "script" | "reference-script" | "manifest" | "attestation" | "public-key"
): Promise<string | undefined> => {
  const options = { params: { path: { run: id } }, parseAs: "text" } as const
  const answer = await unwrap<string | undefined>(api.GET(`/api/v1/runs/{run}/${part}`, options))
  return answer
}
