/** An undici handler that inspects the head of each response before passing it on. */
import type { IncomingHttpHeaders } from "node:http"
import type { Dispatcher } from "undici"

/** Returns the reason to abort the exchange, or `undefined`. */
export type Look = (status: number, headers: IncomingHttpHeaders) => Error | undefined

export class HeadListener implements Dispatcher.DispatchHandler {
  private readonly handler: Dispatcher.DispatchHandler
  private readonly look: Look

  constructor(handler: Dispatcher.DispatchHandler, look: Look) {
    this.handler = handler
    this.look = look
  }

  onRequestStart(...args: Parameters<NonNullable<Dispatcher.DispatchHandler["onRequestStart"]>>) {
    this.handler.onRequestStart?.(...args)
  }
  onRequestUpgrade(...args: Parameters<NonNullable<Dispatcher.DispatchHandler["onRequestUpgrade"]>>) {
    this.handler.onRequestUpgrade?.(...args)
  }
  onResponseStart(...args: Parameters<NonNullable<Dispatcher.DispatchHandler["onResponseStart"]>>) {
    const [controller, status, headers] = args
    const objection = this.look(status, headers)
    if (objection === undefined) this.handler.onResponseStart?.(...args)
    else controller.abort(objection)
  }
  onResponseData(...args: Parameters<NonNullable<Dispatcher.DispatchHandler["onResponseData"]>>) {
    this.handler.onResponseData?.(...args)
  }
  onResponseEnd(...args: Parameters<NonNullable<Dispatcher.DispatchHandler["onResponseEnd"]>>) {
    this.handler.onResponseEnd?.(...args)
  }
  onResponseError(...args: Parameters<NonNullable<Dispatcher.DispatchHandler["onResponseError"]>>) {
    this.handler.onResponseError?.(...args)
  }
}
