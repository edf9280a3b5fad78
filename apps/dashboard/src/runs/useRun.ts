/** The current state of one run, from its stream of events. `reload` follows it again, after a retry. */
import { useEffect, useState } from "react"
import type { Run } from "../api/Client.ts"
import * as EventStream from "../api/EventStream.ts"

export interface Followed {
  readonly run: Run | undefined
  readonly state: EventStream.State
  readonly error: Error | undefined
  readonly reload: () => void
}

export const useRun = (id: string): Followed => {
  const [run, setRun] = useState<Run>()
  const [state, setState] = useState<EventStream.State>("connecting")
  const [error, setError] = useState<Error>()
  const [round, setRound] = useState(0)
  useEffect(() => {
    let over = false
    return EventStream.open({
      path: `/api/v1/runs/${encodeURIComponent(id)}/events`,
      onEvent: (_, data) => {
        over = (data as Run).endedAt !== null
        setRun(data as Run)
        setError(undefined)
      },
      onState: setState,
      onRefused: setError,
      isOver: () => over
    })
  }, [id, round])
  return { run, state, error, reload: () => setRound((round) => round + 1) }
}
