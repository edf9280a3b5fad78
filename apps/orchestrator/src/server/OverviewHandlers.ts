/** Handlers of the endpoints for people who follow and approve runs. */
import { VerificationReport } from "@privx-kit/ueba/VerificationReport"
import * as Cache from "effect/Cache"
import * as Effect from "effect/Effect"
import * as HttpApiBuilder from "effect/http-api/HttpApiBuilder"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as Struct from "effect/Struct"
import { Approvals, referenceOf } from "@privx-kit/runs/Approvals"
import type { Run } from "@privx-kit/runs/Run"
import * as RunActions from "@privx-kit/runs/RunActions"
import { RunKinds } from "@privx-kit/runs/RunKinds"
import { Runs } from "@privx-kit/runs/Runs"
import type { Filter } from "@privx-kit/runs/RunFilter"
import { PrivxHosts } from "@privx-kit/settings/PrivxHosts"
import { Domains } from "../domain/Domains.ts"
import { Api } from "./Api.ts"
import { ServedRun } from "./ApiEndpoint.ts"
import { DecisionMaterial } from "../setup/SetupSteps.ts"
import { DisplayNames } from "./DisplayNames.ts"
import * as DomainRoutes from "./DomainRoutes.ts"
import { FourEyes } from "./FourEyes.ts"
import { Principal } from "./Principal.ts"
import * as Responses from "./Responses.ts"
import * as Role from "./Role.ts"
import * as RunQuery from "./RunQuery.ts"
import * as RunListStream from "./RunListStream.ts"
import { Serving } from "./Serving.ts"
import { StreamLimit } from "./StreamLimit.ts"

const encodeRun = Schema.encodeSync(Schema.toCodecJson(ServedRun))

/** How often a followed list is polled; followers of the same list share the poll. */
const interval = "1 second"

/** Longer lists cannot be followed. */
const longestList = 200

export const layer = HttpApiBuilder.group(
  Api,
  "overview",
  Effect.fnUntraced(function* (handlers) {
    const runs = yield* Runs
    const kinds = yield* RunKinds
    const serving = yield* Serving
    const { servers } = yield* Domains
    const hosts = yield* PrivxHosts
    const streams = yield* StreamLimit
    const fourEyes = yield* FourEyes
    const names = yield* DisplayNames
    const { answered, served } = yield* Responses.make

    const snapshot = Effect.fnUntraced(function* (filter: Filter & { readonly limit: number }) {
      const [found, counts] = yield* Effect.all([runs.list(filter), runs.counts(countable(filter))], { concurrency: 2 })
      const responses = yield* served(found)
      const page = { ids: found.map(({ id }) => id), next: RunQuery.next(found, filter.limit), counts }
      return {
        page: JSON.stringify(page),
        runs: responses.map((run) => ({ id: run.id, json: JSON.stringify(encodeRun({ ...run, result: null })) }))
      }
    })
    const looks = yield* Cache.make({
      capacity: 100,
      timeToLive: "400 millis",
      lookup: (key: string) => snapshot(JSON.parse(key))
    })

    return handlers
      .handle("me", () =>
        Effect.map(Principal, ({ displayName, known, name, role }) => ({
          name,
          displayName: displayName ?? name,
          role,
          rights: Role.rightsOf(role),
          known
        }))
      )
      .handle("kinds", () =>
        Effect.succeed({
          kinds: kinds.all.map(({ name, steps, title }) => ({
            name,
            title,
            steps: steps.map((step) => Struct.pick(step, ["name", "title"]))
          }))
        })
      )
      .handle("domains", () =>
        Effect.map(servers, (all) => ({
          hosts: serving.targets.filter(hosts.has),
          domains: all.map(({ name, title, view }) => ({
            name,
            title,
            view: view === undefined ? null : DomainRoutes.viewOf(name)
          }))
        }))
      )
      .handle("counts", ({ query }) =>
        Effect.map(runs.counts(countable(RunQuery.of(query))), (counts) => ({ counts })).pipe(answered)
      )
      .handleRaw("follow", ({ query }) => {
        const filter = RunQuery.of(query)
        const key = JSON.stringify({ ...filter, limit: Math.min(filter.limit, longestList) })
        return streams.respond(RunListStream.make(Cache.get(looks, key), interval, serving))
      })
      .handle("review", ({ params }) =>
        Effect.gen(function* () {
          const approvals = yield* Approvals
          const run = yield* RunActions.find(params.run)
          const latest = yield* approvals.last(run.target)
          const obstacle = yield* fourEyes.obstacle(run)
          return {
            reference: latest === undefined ? null : { ...Struct.omit(latest, ["target"]), ...referenceOf(latest) },
            ...(yield* material(run)),
            mayApprove: obstacle === undefined && run.status === "waiting",
            obstacle: obstacle === undefined ? null : { message: obstacle.detail, hint: obstacle.hint },
            displayNames: yield* names.of(latest === undefined || latest.by === null ? [] : [latest.by])
          }
        }).pipe(answered)
      )

    /** The report that a person saw for a decision; otherwise the report in the result or in the failure of the run. */
    function material(run: Run) {
      const of = (json: Schema.Json | null) =>
        typeof json === "object" && json !== null && "report" in json ? decodeReport(json.report) : Option.none()
      const known = Option.orElse(of(run.result), () => of(run.failure))
      return Effect.map(runs.report(run.id), (json) => {
        const shown = Option.getOrUndefined(decodeMaterial(json))
        return { report: Option.getOrUndefined(known) ?? shown?.report ?? null, source: shown?.source ?? null }
      })
    }
  })
)

const decodeReport = Schema.decodeUnknownOption(Schema.toCodecJson(VerificationReport))

const decodeMaterial = Schema.decodeUnknownOption(Schema.toCodecJson(DecisionMaterial))

/** Counts cover all statuses and the whole list. */
const countable = ({ after: _, limit: __, status: ___, ...filter }: Filter): Filter => filter
