/** Shows the status of the UEBA service, and waits until it is running. */
import { InternalStatus } from "@privx-kit/ueba/InternalStatus"
import { isRunning, ServiceStatus } from "@privx-kit/ueba/ServiceStatus"
import { Ueba } from "@privx-kit/ueba/Ueba"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type { Pane } from "../../terminal/Screen.ts"
import type { Style } from "../../terminal/Style.ts"
import * as Text from "../../terminal/Text.ts"
import type { Call } from "../DomainCommand.ts"
import { withUeba } from "./UebaClient.ts"
import * as Watch from "./Watch.ts"
import type { WatchInput } from "./WatchFlags.ts"

interface Result {
  readonly service: ServiceStatus
  /** `undefined` if PrivX does not report it. */
  readonly internal: InternalStatus | undefined
}

const ask = Effect.gen(function* () {
  const ueba = yield* Ueba
  const service = yield* ueba.status
  // An older PrivX has no such endpoint, and a stopped service may not respond there.
  const internal = yield* ueba.internalStatus.pipe(
    Effect.catchIf(
      (failure) => failure._tag !== "TransportError" && failure._tag !== "OAuthError" && failure.status === 404,
      () => Effect.undefined
    )
  )
  return { service, internal }
})

const encode = Schema.encodeSync(
  Schema.toCodecJson(Schema.Struct({ service: ServiceStatus, internal: Schema.UndefinedOr(InternalStatus) }))
)

export const status: Call<WatchInput, Result> = {
  run: ({ interval, watch }) =>
    withUeba(
      watch ? Watch.until(ask, { interval, isDone: ({ service }) => isRunning(service), text: inOneLine }) : ask
    ),
  toJson: encode,
  toPerson: ({ internal, service }, out) => {
    const analysis = internal?.dataset_id === undefined ? "" : ` with dataset ${internal.dataset_id}`
    const rows: ReadonlyArray<readonly [string, string | undefined]> = [
      ["Service", inOneLine({ service }, out.style)],
      ["Version", service.version === "" ? undefined : service.version],
      ["Started", service.start_time === undefined ? undefined : DateTime.formatIso(service.start_time)],
      ["Training", internal?.training_status],
      ["Analysis", internal?.inference_status === undefined ? undefined : `${internal.inference_status}${analysis}`],
      ...service.status_details.map(({ k, v }) => [k, v] as const)
    ]
    return Effect.gen(function* () {
      for (const [name, value] of rows) if (value !== undefined) yield* out.line(`  ${Text.padEnd(name, 10)}  ${value}`)
      yield* issues(service, out)
    })
  }
}

const inOneLine = ({ service }: Pick<Result, "service">, style: Style): string => {
  const { status = "unknown", status_message } = service
  const sign = isRunning(service)
    ? style.green(style.sign.ok)
    : /^error$/i.test(status)
      ? style.red(style.sign.failed)
      : style.yellow(style.sign.warning)
  return `${sign} ${status}${status_message === undefined ? "" : `: ${status_message}`}`
}

const issues = Effect.fnUntraced(function* ({ issues }: ServiceStatus, out: Pane) {
  if (issues.length === 0) return
  yield* out.line()
  const rows = issues.map(({ code = "", message = "", severity = "", updated }) => [
    severity,
    code,
    updated === undefined ? "" : DateTime.formatIso(updated).slice(0, 16),
    message
  ])
  const [head = "", ...lines] = Text.table([["Severity", "Code", "Updated", "Issue"], ...rows], {
    columns: out.columns() - 2,
    flexible: new Map([[3, 10]]),
    ellipsis: out.style.sign.ellipsis
  })
  yield* out.line(`  ${out.style.bold(head)}`)
  for (const line of lines) yield* out.line(`  ${line}`)
})
