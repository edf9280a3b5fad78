/** The frame of the page, and the routes of its parts. */
import { QueryClient, QueryClientProvider } from "@tanstack/react-query"
import { lazy, Suspense } from "react"
import { Link, Redirect, Route, Switch } from "wouter"
import { useDomains } from "./domains/useDomains.ts"
import { Loading } from "./parts/Notice.tsx"
import { RunsPage } from "./runs/RunsPage.tsx"
import { SessionGate, useSession } from "./session/Session.tsx"

const RunPage = lazy(() => import("./runs/RunPage.tsx"))
const ReviewPage = lazy(() => import("./review/ReviewPage.tsx"))
const FleetsPage = lazy(() => import("./fleet/FleetsPage.tsx"))
const UebaPage = lazy(() => import("./ueba/UebaPage.tsx"))
const PlaybackPage = lazy(() => import("./playback/PlaybackPage.tsx"))
const DomainPage = lazy(() => import("./domains/DomainPage.tsx"))
const FleetPage = lazy(() => import("./fleet/FleetPage.tsx"))

const queries = new QueryClient({
  defaultOptions: { queries: { retry: false, refetchOnWindowFocus: false, staleTime: 5000 } }
})

export const App = () => (
  <QueryClientProvider client={queries}>
    <SessionGate>
      <Frame />
    </SessionGate>
  </QueryClientProvider>
)

const Frame = () => {
  const { me, signOut } = useSession()
  const domains = useDomains().data
  return (
    <>
      <a className="skip" href="#content">
        Skip to the content
      </a>
      <header>
        <Link href="/runs" className="brand">
          privx-kit
        </Link>
        <nav aria-label="Main">
          <Link href="/runs" className={(active) => (active ? "active" : "")}>
            Runs
          </Link>
          <Link href="/runs?status=waiting">Waiting for approval</Link>
          <Link href="/fleets" className={(active) => (active ? "active" : "")}>
            Fleets
          </Link>
          {domains?.domains.some(({ name }) => name === "ueba") === true && domains.hosts.length > 0 && (
            <Link href="/ueba" className={(active) => (active ? "active" : "")}>
              UEBA
            </Link>
          )}
          <Link href="/playback" className={(active) => (active ? "active" : "")}>
            Playback
          </Link>
          {domains?.domains.map(({ name, title, view }) =>
            view === null ? null : (
              <Link key={name} href={`/domains/${name}`} className={(active) => (active ? "active" : "")}>
                {title}
              </Link>
            )
          )}
        </nav>
        <div className="who">
          <span title={me.name}>{me.displayName}</span> <span className="role">{me.role}</span>
          {me.known && (
            <button type="button" onClick={signOut}>
              Sign out
            </button>
          )}
        </div>
      </header>
      <main id="content" tabIndex={-1}>
        <Suspense fallback={<Loading what="the page" />}>
          <Switch>
            <Route path="/runs">
              <RunsPage />
            </Route>
            <Route path="/runs/:id">{({ id }) => <RunPage key={id} id={id} />}</Route>
            <Route path="/runs/:id/review">{({ id }) => <ReviewPage key={id} id={id} />}</Route>
            <Route path="/fleets">
              <FleetsPage />
            </Route>
            <Route path="/fleets/:id">{({ id }) => <FleetPage key={id} id={id} />}</Route>
            <Route path="/ueba">
              <UebaPage />
            </Route>
            <Route path="/playback">
              <PlaybackPage />
            </Route>
            <Route path="/domains/:name">{({ name }) => <DomainPage key={name} name={name} />}</Route>
            <Route path="/">
              <Redirect to="/runs" replace />
            </Route>
            <Route>
              <h1>There is no such page</h1>
              <p>
                <Link href="/runs">All runs</Link>
              </p>
            </Route>
          </Switch>
        </Suspense>
      </main>
    </>
  )
}
