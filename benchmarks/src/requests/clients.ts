/** All clients by name. Modules are loaded only where they are measured. */
import { type Client, fromEffects, fromPromises } from "./Client.ts"

const promises = () => import("./promiseClients.ts")
const effects = () => import("./effectClients.ts")

const makers = {
  "undici.request": async (base: string) => fromPromises((await promises()).undici(base)),
  "global fetch": async (base: string) => fromPromises((await promises()).globalFetch(base)),
  "fetch + deadline": async (base: string) => fromPromises((await promises()).fetchDeadline(base)),
  got: async (base: string) => fromPromises((await promises()).got(base)),
  ky: async (base: string) => fromPromises((await promises()).ky(base)),
  axios: async (base: string) => fromPromises((await promises()).axios(base)),
  "openapi-fetch": async (base: string) => fromPromises((await promises()).openapiFetch(base)),
  "Effect on undici": async (base: string) => fromEffects((await effects()).effectPlain(base)),
  "Effect + policy": async (base: string) => fromEffects((await effects()).effectPolicy(base)),
  kit: async (base: string) => fromEffects((await effects()).kit(base))
}

export type Name = keyof typeof makers

export const names = Object.keys(makers) as ReadonlyArray<Name>

/** What the others are compared with. */
export const reference: Name = "undici.request"

export const make = (name: Name, base: string): Promise<Client> => makers[name](base)
