/**
 * A round of a fleet: the current status of its hosts, the result of this round, the next scheduled time, and the
 * changes.
 */
import { useQuery } from "@tanstack/react-query"
import { useEffect } from "react"
import { Link, useSearchParams } from "wouter"
import { api, type Fleet, type FleetStanding, unwrap } from "../api/Client.ts"
import { useQuestion } from "../parts/Ask.tsx"
import { Id, Terminal } from "../parts/Copy.tsx"
import { ErrorNotice, Loading } from "../parts/Notice.tsx"
import { plain } from "../parts/Plain.tsx"
import { StatusBadge } from "../parts/StatusBadge.tsx"
import { Time } from "../parts/Time.tsx"
import { useSession } from "../session/Session.tsx"
import { FleetHosts } from "./FleetHosts.tsx"
import { FleetPlan } from "./FleetPlan.tsx"

const FleetPage = ({ id }: { readonly id: string }) => {
  useEffect(() => {
    document.title = `Fleet ${id.slice(0, 8)} · privx-kit`
  }, [id])
  const path = { params: { path: { run: id } } }
  const fleet = useQuery({
    queryKey: ["fleet", id],
    queryFn: () => unwrap(api.GET("/api/v1/fleets/{run}", path)),
    refetchInterval: ({ state }) => ((state.data?.run.endedAt ?? null) === null ? 2000 : false)
  })
  const run = fleet.data?.run
  const standing = useQuery({
    queryKey: ["fleet-status", id, run?.attempt, run?.endedAt],
    queryFn: () => unwrap(api.GET("/api/v1/fleets/{run}/status", path)),
    enabled: run !== undefined,
    // Decisions and other rounds change it as well.
    refetchInterval: run?.endedAt === null ? 5000 : 30_000,
    placeholderData: (before) => before
  })
  const [search, setSearch] = useSearchParams()
  if (fleet.error !== null) return <ErrorNotice error={fleet.error} retry={() => void fleet.refetch()} />
  if (fleet.data === undefined) return <Loading what="the fleet" />
  return (
    <>
      <div className="title">
        <h1>
          Fleet {plain(fleet.data.fleet)} <Id value={fleet.data.run.id} label="id" />
        </h1>
        <StatusBadge status={fleet.data.run.status} />
      </div>
      <Actions fleet={fleet.data} reload={() => void fleet.refetch()} />
      <Facts fleet={fleet.data} standing={standing.data} />
      {standing.error !== null && <ErrorNotice error={standing.error} retry={() => void standing.refetch()} />}
      <FleetHosts
        hosts={fleet.data.hosts}
        states={standing.data?.hosts}
        search={search}
        change={(next, typed) => setSearch(next, { replace: typed })}
      />
      <FleetPlan id={id} fleet={fleet.data.fleet} />
      <Terminal command={`privx-kit fleet show ${id}`} />
    </>
  )
}

export default FleetPage

const Actions = ({ fleet: { hosts, run }, reload }: { readonly fleet: Fleet; readonly reload: () => void }) => {
  const { may } = useSession()
  const [dialog, ask] = useQuestion()
  if (!may("submit") || (run.status !== "failed" && run.status !== "cancelled")) return null
  const failed = hosts.filter(({ status }) => status === "failed" || status === "cancelled").length
  const retry = () =>
    ask({
      title: "Retry the hosts that failed?",
      body: (
        <p>
          {failed === 1 ? "One host is" : `${failed} hosts are`} set up again. Those that succeeded are left as they
          are.
        </p>
      ),
      action: "Retry",
      run: () => unwrap(api.POST("/api/v1/runs/{run}/retry", { params: { path: { run: run.id } } })).then(reload)
    })
  return (
    <div className="actions">
      <button type="button" className="primary" onClick={retry}>
        Retry the failed hosts
      </button>
      <Terminal command={`privx-kit fleet retry ${run.id}`} />
      {dialog}
    </div>
  )
}

const Facts = ({
  fleet: { run },
  standing
}: {
  readonly fleet: Fleet
  readonly standing: FleetStanding | undefined
}) => (
  <dl className="facts">
    <div>
      <dt>This round</dt>
      <dd>
        <Link href={`/runs/${run.id}`}>The run</Link>, created <Time iso={run.createdAt} />, ended{" "}
        <Time iso={run.endedAt} />
        {standing !== undefined && standing.latest !== run.id && (
          <div>
            <Link href={`/fleets/${standing.latest}`}>There is a later round</Link>
          </div>
        )}
      </dd>
    </div>
    <div>
      <dt>Next scheduled round</dt>
      <dd>
        <NextRound run={run} standing={standing} />
      </dd>
    </div>
    <div>
      <dt>Drift</dt>
      <dd>{standing === undefined ? <span className="quiet">…</span> : <Drift hosts={standing.hosts} />}</dd>
    </div>
  </dl>
)

const NextRound = ({ run, standing }: { readonly run: Fleet["run"]; readonly standing: FleetStanding | undefined }) => {
  if (standing === undefined) return <span className="quiet">…</span>
  if (standing.latest !== run.id) return <span className="quiet">the later round says</span>
  const { nextRound, schedule } = standing
  if (schedule === null) return <span className="quiet">none: the fleet has no schedule</span>
  return (
    <>
      {nextRound === null ? "not known here" : <Time iso={nextRound} />}
      <div className="quiet">
        <code>{plain(schedule.cron)}</code>,{" "}
        {schedule.timeZone === null ? "in the time zone of the machine that applies it" : plain(schedule.timeZone)}, by{" "}
        <code>privx-kit fleet watch</code>
      </div>
    </>
  )
}

const Drift = ({ hosts }: { readonly hosts: FleetStanding["hosts"] }) => {
  const drifted = hosts.filter(({ drifted }) => drifted).length
  return drifted === 0 ? (
    <>none of {hosts.length} hosts</>
  ) : (
    <strong>
      {drifted} of {hosts.length} hosts
    </strong>
  )
}
