/**
 * The socket that a request goes out on, which undici tells none of its handlers.
 */
import { channel } from "node:diagnostics_channel"

/** Who wants to know. */
export interface Sender {
  readonly method: string
  /** Path and query. */
  readonly path: string
  /** Told before the request goes out. Later the socket may be closed, and then it tells nothing any more. */
  readonly onSocket: (socket: unknown) => void
}

let starting: Sender | undefined

/**
 * undici publishes the socket right after `onRequestStart`, before anything else can happen: the sender that calls this in
 * there is the one whose socket is published next.
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

/** What undici documents of the message. */
interface Sent {
  readonly request: { readonly method: string; readonly path: string }
  readonly socket: unknown
}
