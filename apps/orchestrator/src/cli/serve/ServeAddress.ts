/** The listen address of a server as text: `127.0.0.1:7443`, `[::1]:7443`, `localhost:7443`. */

export interface Address {
  readonly host: string
  readonly port: number
}

export const parse = (text: string): Address | undefined => {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([\w.-]+)):(\d{1,5})$/.exec(text)
  const host = match?.[1] ?? match?.[2]
  const port = Number(match?.[3])
  return host === undefined || port > 65_535 ? undefined : { host, port }
}
