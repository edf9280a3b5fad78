/**
 * What `privx-kit` exits with: one code for each class of failure. The table is data: `--help` and the README show it.
 *
 * A script that wants to know more than the class reads `--json`.
 */
import type { CommandFailure } from "./commands/CommandFailure.ts"

export interface ExitCode {
  readonly code: number
  /** One line: when it is given. */
  readonly meaning: string
  /** Whether the same command, run again later without any change, can be expected to succeed. */
  readonly passes: boolean
}

/** Codes do not change between versions; new ones are added at the end of their row of numbers. */
export const table = {
  ok: { code: 0, meaning: "done", passes: false },
  defect: { code: 1, meaning: "an error within privx-kit itself: please report it", passes: false },
  usage: { code: 2, meaning: "the command line is wrong; nothing was done", passes: false },
  settings: { code: 3, meaning: "a setting is missing, contradictory or invalid; nothing was sent", passes: false },
  unreachable: { code: 4, meaning: "PrivX cannot be reached: name, connection refused or broken", passes: true },
  tls: { code: 5, meaning: "no trusted TLS connection: unknown CA, expired, wrong name", passes: false },
  timeout: { code: 6, meaning: "PrivX did not answer in time", passes: true },
  authentication: { code: 7, meaning: "PrivX does not accept the token or the credentials (401)", passes: false },
  permission: { code: 8, meaning: "the account may not do this (403, PERMISSION_DENIED)", passes: false },
  notFound: { code: 9, meaning: "PrivX does not know it (404): id, or path of the endpoint", passes: false },
  refused: { code: 10, meaning: "PrivX refuses the request or is not configured for it", passes: false },
  server: { code: 11, meaning: "PrivX fails or is overloaded, after all retries (5xx, MAX_LOAD, …)", passes: true },
  unexpected: {
    code: 12,
    meaning: "the answer is not one that PrivX gives: cut short, too large, not its API",
    passes: false
  },
  verification: {
    code: 13,
    meaning: "the set-up script did not pass verification; it was not delivered",
    passes: false
  },
  storage: { code: 14, meaning: "a file or the data folder cannot be read or written", passes: false },
  busy: { code: 15, meaning: "another process works in the data folder", passes: true },
  runNotFound: { code: 16, meaning: "there is no run of this id for this PrivX", passes: false },
  listen: { code: 17, meaning: "the address or port cannot be listened on", passes: false },
  approval: { code: 18, meaning: "the run waits for approval: privx-kit runs approve, or reject", passes: false },
  rejected: { code: 19, meaning: "the set-up script was rejected; it was not delivered", passes: false },
  cancelled: { code: 20, meaning: "the run was cancelled", passes: false },
  conflict: { code: 21, meaning: "the run is in a state in which that cannot be done", passes: false },
  mismatch: { code: 22, meaning: "a stored script, or a file and its manifest, is not what it was", passes: false },
  artifactNotFound: { code: 23, meaning: "no stored script has that SHA-256, or several have", passes: false },
  execution: { code: 24, meaning: "the set-up script was run, and failed or took too long", passes: false },
  notExecuted: {
    code: 25,
    meaning: "the set-up script was not run: declined, run before, or it cannot be started",
    passes: false
  },
  database: { code: 26, meaning: "the shared database cannot be reached or used as it is", passes: true },
  hostsFailed: { code: 27, meaning: "some hosts of the fleet failed; the others are done", passes: false },
  hostsWaiting: {
    code: 28,
    meaning: "some hosts of the fleet wait for approval; the others are done",
    passes: false
  },
  drift: { code: 29, meaning: "some hosts of the fleet have drifted", passes: false },
  interrupted: { code: 130, meaning: "interrupted with Ctrl-C; the run can be continued", passes: true },
  terminated: { code: 143, meaning: "ended by SIGTERM; the run can be continued", passes: true }
} as const satisfies Record<string, ExitCode>

export type Name = keyof typeof table

/** In the order of the codes. */
export const names = Object.keys(table) as ReadonlyArray<Name>

/** The class of a failure. */
export const of = (failure: CommandFailure): Name => {
  switch (failure._tag) {
    case "ArtifactNotFound":
      return "artifactNotFound"
    case "AlreadyExecuted":
      return "notExecuted"
    case "KeyUnusable":
      return "settings"
    case "UsageError":
    case "FaultSyntaxError":
    case "InvalidInput":
      return "usage"
    case "SimulatorError":
      return failure.reason === "listen" ? "listen" : "usage"
    case "ListenFailed":
      return "listen"
    case "HostUnusable":
    case "SettingsError":
      return "settings"
    case "InternalError":
      return "defect"
    case "DataFolderBusy":
      return "busy"
    case "DatabaseUnusable":
      return failure.reason === "url" ? "settings" : "database"
    case "DataFolderUnusable":
    case "StorageFailed":
      return "storage"
    case "ApprovalPending":
      return "approval"
    case "FleetIncomplete":
      return "hostsFailed"
    case "ApprovalRejected":
      return "rejected"
    case "RunCancelled":
      return "cancelled"
    case "RunConflict":
      return "conflict"
    case "RunAmbiguous":
      return "usage"
    case "RunNotFound":
      return "runNotFound"
    case "VerificationFailed":
      return "verification"
    case "ServerRefused":
      return failure.status === 200
        ? "mismatch"
        : failure.status === 429
          ? "server"
          : ofStatus(failure.status, failure.reason)
    case "TransportError":
      return ofReason[failure.reason]
    case "UnexpectedResponse":
      return failure.status < 400 ? "unexpected" : ofStatus(failure.status, failure.operation)
    case "PermissionDenied":
      return failure.status === 401 ? "authentication" : "permission"
    case "MaxLoad":
    case "TooManyConnections":
    case "OutOfResources":
    case "DatabaseError":
    case "CacheError":
    case "IntraServiceCommunicationError":
      return "server"
    case "GeneralError":
    case "UnknownErrorCode":
      return ofStatus(failure.status, failure.operation)
    // The other codes say themselves that it is the request, or the configuration, whatever the status.
    default:
      return ofStatus(Math.min(failure.status, 499), failure.operation)
  }
}

const ofReason: Record<Extract<CommandFailure, { _tag: "TransportError" }>["reason"], Name> = {
  nameResolution: "unreachable",
  refused: "unreachable",
  reset: "unreachable",
  circuitOpen: "unreachable",
  tls: "tls",
  timeout: "timeout",
  deadline: "timeout",
  tooLarge: "unexpected",
  truncated: "unexpected",
  redirectRefused: "unexpected",
  protocol: "unexpected",
  invalidRequest: "refused"
}

const ofStatus = (status: number, operation: string): Name => {
  if (status >= 500) return "server"
  // The token endpoint answers 400 to wrong credentials, as OAuth2 has it.
  if (status === 401 || operation === "TokenProvider.get") return "authentication"
  if (status === 403) return "permission"
  return status === 404 ? "notFound" : "refused"
}
