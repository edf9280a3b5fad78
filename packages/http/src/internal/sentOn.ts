/** The socket on which a request is sent, which undici does not pass to its handlers. */
import { channel } from "node:diagnostics_channel"

/** The sender to inform. */
export interface Sender {
  readonly method: string
  /** Path and query. */
  readonly path: string
  /** Called before the request is sent. Later the socket may be closed, and then its peer is unknown. */
  readonly onSocket: (socket: unknown) => void
}

let starting: Sender | undefined

/**
 * undici publishes the socket synchronously after `onRequestStart`, so the sender that calls this within
 * `onRequestStart` is the one whose socket is published next.
 */
export const expect = (sender: Sender): void => {
  if (!listening) {
    listening = true
    channel("undici:client:sendHeaders").subscribe(onSendHeaders)
  }
  starting = sender
}

let listening = false

const onSendHeaders = (message: unknown): void => {
  const sender = starting
  starting = undefined
  if (sender === undefined) return
  const { request, socket } = message as Sent
  if (request.path === sender.path && request.method === sender.method) sender.onSocket(socket)
}

/** The documented part of undici's message. */
interface Sent {
  readonly request: { readonly method: string; readonly path: string }
  readonly socket: unknown
}
