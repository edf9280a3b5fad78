/** The platform in a browser or at an edge: `fetch` sends the requests, and the runtime does the rest. */
import * as Effect from "effect/Effect"
import { ConnectFailure } from "./connectFailure.ts"
import * as FetchDispatcher from "./fetchDispatcher.ts"
import type * as Platform from "./platform.ts"

export type { Opened } from "./platform.ts"

export const peerOf: typeof Platform.peerOf = () => undefined

/** `fetch` has already decompressed the codings that it supports; it does not support the remaining ones. */
export const unpack: typeof Platform.unpack = async () => ({ _tag: "Unreadable" })

export const expectSocket: typeof Platform.expectSocket = () => {}

export const lend: typeof Platform.lend = () => {}

export const endLending: typeof Platform.endLending = () => {}

export const warnOfEnvironment: typeof Platform.warnOfEnvironment = () => {}

/** The runtime chooses its proxy. */
export const routeOf: typeof Platform.routeOf = ({ proxy }) =>
  typeof proxy === "string"
    ? {
        _tag: "Invalid",
        source: "the proxy option",
        problem: "this runtime sends requests with fetch, which cannot use a given proxy"
      }
    : { _tag: "Direct", reason: "the runtime chooses the proxy" }

/** Called only if the options request sockets. */
export const open: typeof Platform.open = () =>
  Effect.succeed({
    dispatcher: {
      dispatch: (_, handler) => {
        const answer = 'this runtime has no sockets (via: "sockets"), and sends requests with fetch'
        const controller = new FetchDispatcher.FetchController()
        handler.onRequestStart?.(controller, {})
        handler.onResponseError?.(controller, new ConnectFailure("settings", { answer }))
        return true
      },
      destroy: async () => {}
    },
    takeAlert: () => undefined,
    explain: Effect.succeed
  })
