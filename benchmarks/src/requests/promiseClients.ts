/** The peers that answer with a promise. Each is used as its own documentation shows, and kept to its defaults. */
import type { Request } from "./Client.ts"
import { type Thing, token } from "./thing.ts"

const authorization = `Bearer ${token}`

export const undici = async (base: string): Promise<Request> => {
  const { Agent, request } = await import("undici")
  const dispatcher = new Agent({ connections: 64 })
  return async (id) => {
    const response = await request(`${base}/things/${id}`, { dispatcher, headers: { authorization } })
    return (await response.body.json()) as Thing
  }
}

export const globalFetch = async (base: string): Promise<Request> => {
  return async (id) => {
    const response = await fetch(`${base}/things/${id}`, { headers: { authorization } })
    return (await response.json()) as Thing
  }
}

/** With the one thing of the kit's that fetch has ready: a deadline. */
export const fetchDeadline = async (base: string): Promise<Request> => {
  return async (id) => {
    const signal = AbortSignal.timeout(30_000)
    const response = await fetch(`${base}/things/${id}`, { headers: { authorization }, signal })
    return (await response.json()) as Thing
  }
}

export const got = async (base: string): Promise<Request> => {
  const { default: got } = await import("got")
  const { Agent } = await import("node:http")
  const client = got.extend({
    prefixUrl: base,
    headers: { authorization },
    agent: { http: new Agent({ keepAlive: true }) }
  })
  return (id) => client(`things/${id}`).json<Thing>()
}

export const ky = async (base: string): Promise<Request> => {
  const { default: ky } = await import("ky")
  const client = ky.create({ prefix: base, headers: { authorization } })
  return (id) => client.get(`things/${id}`).json<Thing>()
}

export const axios = async (base: string): Promise<Request> => {
  const { default: axios } = await import("axios")
  const { Agent } = await import("node:http")
  const client = axios.create({ baseURL: base, headers: { authorization }, httpAgent: new Agent({ keepAlive: true }) })
  return async (id) => (await client.get<Thing>(`/things/${id}`)).data
}

interface Paths {
  "/things/{id}": {
    get: {
      parameters: { path: { id: string } }
      responses: { 200: { content: { "application/json": Omit<Thing, "tags"> & { tags: Array<string> } } } }
    }
  }
}

export const openapiFetch = async (base: string): Promise<Request> => {
  const { default: createClient } = await import("openapi-fetch")
  const client = createClient<Paths>({ baseUrl: base, headers: { authorization } })
  return async (id) => {
    const { data } = await client.GET("/things/{id}", { params: { path: { id } } })
    if (data === undefined) throw new Error("no data")
    return data
  }
}
