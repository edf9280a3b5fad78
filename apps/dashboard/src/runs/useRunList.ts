/** The current page of the list, from one stream of events. */
import { useEffect, useState } from "react"
import type { Run } from "../api/Client.ts"
import * as EventStream from "../api/EventStream.ts"

export interface List {
  readonly runs: ReadonlyArray<Run>
  readonly next: string | null
  readonly counts: Readonly<Record<string, number>> | undefined
  readonly state: EventStream.State
  readonly error: Error | undefined
  readonly loaded: boolean
}

const nothing: List = { runs: [], next: null, counts: undefined, state: "connecting", error: undefined, loaded: false }

interface Page {
  readonly ids: ReadonlyArray<string>
  readonly next: string | null
  readonly counts: Readonly<Record<string, number>>
}

export const useRunList = (query: string): List => {
  const [list, setList] = useState<List>(nothing)
  useEffect(() => {
    const known = new Map<string, Run>()
    let page: Page | undefined
    // The previous list stays until the new one has arrived, so that the layout does not jump.
    setList((list) => ({ ...list, error: undefined, state: "connecting" }))
    const show = () => {
      if (page === undefined) return
      const { counts, ids, next } = page
      const runs = ids.flatMap((id) => known.get(id) ?? [])
      setList((list) => ({ ...list, runs, next, counts, loaded: true }))
    }
    return EventStream.open({
      path: `/api/v1/runs/events?${query}`,
      onEvent: (event, data) => {
        if (event === "run") known.set((data as Run).id, data as Run)
        if (event === "runs") page = data as Page
        show()
      },
      onState: (state) => setList((list) => ({ ...list, state })),
      onRefused: (error) => setList((list) => ({ ...list, error, loaded: true })),
      isOver: () => false
    })
  }, [query])
  return list
}
