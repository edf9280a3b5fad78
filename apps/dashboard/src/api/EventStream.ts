/**
 * Server-sent events with `fetch`, because `EventSource` cannot send a token. A lost connection is opened again after a
 * pause, until the server ends the stream for good.
 */
import { createParser } from "eventsource-parser"
import { failure, request } from "./Client.ts"

export type State = "connecting" | "live" | "lost" | "over"

export interface Options {
  readonly path: string
  readonly onEvent: (event: string, data: unknown) => void
  readonly onState: (state: State) => void
  /** The server refused the stream; there is no retry. */
  readonly onRefused: (error: Error) => void
  /** Whether the stream is complete when it ends. */
  readonly isOver: () => boolean
}

const shortest = 500
const longest = 10_000

export const open = ({ isOver, onEvent, onRefused, onState, path }: Options): (() => void) => {
  const controller = new AbortController()
  const { signal } = controller
  let pause = shortest
  let lastId: string | undefined

  const once = async (): Promise<"again" | "over"> => {
    const response = await request(path, {
      signal,
      headers: lastId === undefined ? {} : { "last-event-id": lastId }
    })
    if (response.status === 204) return "over"
    if (response.status >= 500 || response.status === 429) return "again"
    if (!response.ok || response.body === null) {
      onRefused(failure(response.status, await response.json().catch(() => undefined)))
      return "over"
    }
    onState("live")
    pause = shortest
    const parser = createParser({
      onEvent: ({ data, event, id }) => {
        lastId = id ?? lastId
        onEvent(event ?? "message", JSON.parse(data))
      }
    })
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader()
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return isOver() ? "over" : "again"
      parser.feed(value)
    }
  }

  const follow = async (): Promise<void> => {
    onState("connecting")
    while (!signal.aborted) {
      const ended = await once().catch(() => "again" as const)
      if (signal.aborted) return
      if (ended === "over") return onState("over")
      onState("lost")
      await new Promise((resolve) => setTimeout(resolve, pause))
      pause = Math.min(pause * 2, longest)
    }
  }
  void follow()
  return () => controller.abort()
}
