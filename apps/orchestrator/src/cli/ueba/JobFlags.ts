/** Common flags of the UEBA commands that start a durable run: the selected run, and the settings that they read. */
import * as Flag from "effect/cli/Flag"
import * as FlagKinds from "../flags/FlagKinds.ts"
import type * as HelpSections from "../HelpSections.ts"

export const flags = {
  runId: FlagKinds.text("run", "ID", "Resume this run; if it has ended, show its result again"),
  fresh: FlagKinds.toggle("new", "Start a new run even if an unfinished one with the same inputs exists"),
  wait: Flag.Boolean("wait").pipe(
    Flag.withDescription("Wait for the approval (default), or return with exit code 18"),
    Flag.withDefault(true)
  )
}

export const settings: HelpSections.SettingNames = {
  privx: true,
  own: ["dataDir", "config", "signingKey", "keepRuns", "server", "serverToken", "serverTokenFile"]
}
