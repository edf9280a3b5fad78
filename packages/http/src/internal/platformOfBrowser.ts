/** What there is of the platform in a browser or at an edge: requests go out with `fetch`, and the runtime does the rest. */
import * as Effect from "effect/Effect"
import { ConnectFailure } from "./connectFailure.ts"
import * as FetchDispatcher from "./fetchDispatcher.ts"
import type * as Platform from "./platform.ts"

export type { Opened } from "./platform.ts"

export const peerOf: typeof Platform.peerOf = () => undefined

/** `fetch` has unpacked what it could: what is still packed is packed in a way that it does not know. */
export const unpack: typeof Platform.unpack = async () => ({ _tag: "Unreadable" })

export const expectSocket: typeof Platform.expectSocket = () => {}

export const lend: typeof Platform.lend = () => {}

export const endLending: typeof Platform.endLending = () => {}

export const warnOfEnvironment: typeof Platform.warnOfEnvironment = () => {}

/** The runtime chooses its proxy by itself. */
export const routeOf: typeof Platform.routeOf = ({ proxy }) =>
  typeof proxy === "string"
    ? {
        _tag: "Invalid",
        source: "the proxy option",
        problem: "this runtime sends requests with fetch, which cannot use a given proxy"
      }
    : { _tag: "Direct", reason: "the runtime chooses the proxy" }

/** Only for those who ask for sockets. */
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
