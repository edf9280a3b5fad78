/**
 * Opens one connection to a host that may have several addresses (Happy Eyeballs, RFC 8305): the next address is tried
 * when the previous one has failed or has not connected within a quarter of a second, and no attempt is aborted before
 * another one has connected.
 *
 * Written by hand because Node's own `autoSelectFamily` aborts each address after a quarter of a second: an address
 * that needs 300 ms is never reached.
 */
import * as dns from "node:dns"
import * as net from "node:net"
import type { buildConnector } from "undici"
import { ConnectFailure, type Phase } from "./connectFailure.ts"
import type { Open } from "./socketReader.ts"

/** Milliseconds until the next address is tried concurrently, as RFC 8305 recommends. */
const headStart = 250

/** Further addresses are not tried, so that a name server cannot make a client connect to thousands of hosts. */
const mostAddresses = 16

/** Time limit in milliseconds, including the handshake; then all attempts are aborted. */
export interface Options {
  readonly timeout: number
}

export const dial = (
  open: Open,
  target: buildConnector.Options,
  { timeout }: Options,
  done: buildConnector.Callback
): void => {
  const attempts = new Set<net.Socket>()
  const failures: Array<unknown> = []
  let queue: Array<string> = []
  let next: NodeJS.Timeout | undefined
  let connected: net.Socket | undefined
  let winner: net.Socket | null = null
  let settled = false

  const end = (failure: ConnectFailure | null, socket: net.Socket | null) => {
    if (settled) return
    settled = true
    clearTimeout(next)
    clearTimeout(limit)
    winner = socket
    for (const other of attempts) if (other !== socket) other.destroy()
    if (failure !== null) done(failure, null)
    else if (socket !== null) done(null, socket)
  }
  const fail = (phase: Phase, cause: unknown) => end(new ConnectFailure(phase, { cause }), null)
  const limit = setTimeout(() => {
    fail(connected === undefined ? "connect" : "tls", Object.assign(new Error("timed out"), { code: "ETIMEDOUT" }))
  }, timeout)

  const failed = (socket: net.Socket | undefined, cause: unknown) => {
    if (settled) return
    if (socket !== undefined && socket === connected) return fail("tls", cause)
    if (socket !== undefined) attempts.delete(socket)
    failures.push(cause)
    if (connected !== undefined) return
    if (queue.length > 0) start()
    else if (attempts.size === 0) fail("connect", mostTelling(failures))
  }

  const start = () => {
    clearTimeout(next)
    const address = queue.shift()
    if (address === undefined || settled) return
    if (queue.length > 0) next = setTimeout(start, headStart)
    let socket: net.Socket | undefined
    try {
      socket = open({ ...target, hostname: address }, (error, opened) => {
        if (error !== null) failed(socket, error)
        else if (settled) opened.destroy()
        else end(null, opened)
      })
    } catch (cause) {
      return failed(undefined, cause)
    }
    attempts.add(socket)
    const opened = socket
    // The first TCP connection wins; its handshake may then take as long as it needs.
    socket.once("connect", () => {
      // Without TLS, undici's own listener has already closed it.
      if (opened === winner) return
      if (connected !== undefined || settled) return void opened.destroy()
      connected = opened
      clearTimeout(next)
      queue = []
      for (const other of attempts) if (other !== opened) other.destroy()
    })
  }

  addressesOf(target.hostname, (error, addresses) => {
    if (settled) return
    if (error !== null) return fail("resolve", error)
    queue = [...addresses]
    start()
  })
}

/**
 * In the order of the resolver, but alternating between address families, so that a broken family costs only one delay.
 */
export const interleave = (addresses: ReadonlyArray<{ readonly address: string; readonly family: number }>) => {
  const [first] = addresses
  const preferred = addresses.filter(({ family }) => family === first?.family)
  const others = addresses.filter(({ family }) => family !== first?.family)
  const mixed: Array<string> = []
  for (let index = 0; index < Math.max(preferred.length, others.length); index++) {
    for (const list of [preferred, others]) {
      const found = list[index]
      if (found !== undefined) mixed.push(found.address)
    }
  }
  return [...new Set(mixed)].slice(0, mostAddresses)
}

const addressesOf = (host: string, done: (error: Error | null, addresses: ReadonlyArray<string>) => void): void => {
  if (net.isIP(host) !== 0) return done(null, [host])
  dns.lookup(host, { all: true, order: "verbatim" }, (error, addresses) => {
    if (error !== null) done(error, [])
    else if (addresses.length === 0) done(Object.assign(new Error("no address"), { code: "ENODATA" }), [])
    else done(null, interleave(addresses))
  })
}

/** An address family without a route from this machine says nothing about the host. */
const mostTelling = (failures: ReadonlyArray<unknown>): unknown =>
  failures.find((failure) => !["ENETUNREACH", "EADDRNOTAVAIL", "EAFNOSUPPORT"].includes(codeOf(failure))) ?? failures[0]

const codeOf = (cause: unknown): string => (cause instanceof Error && "code" in cause ? String(cause.code) : "")
