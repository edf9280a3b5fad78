/**
 * The exit codes of `privx-kit`: one for each class of failure. `--help` and the README show this table.
 *
 * A script that needs more than the class reads `--json`.
 */
import type { Failure } from "@privx-kit/core/Failure"
import type { CommandFailure } from "./CommandFailure.ts"

export interface ExitCode {
  readonly code: number
  /** When the process exits with this code, in one line. */
  readonly meaning: string
  /** Whether the same command can succeed later without any change. */
  readonly passes: boolean
}

/** Codes never change. New codes are added at the end of their range. */
export const table = {
  ok: { code: 0, meaning: "success", passes: false },
  defect: { code: 1, meaning: "an internal error of privx-kit: please report it", passes: false },
  usage: { code: 2, meaning: "the command line is wrong; nothing was done", passes: false },
  settings: { code: 3, meaning: "a setting is missing, contradictory or invalid; nothing was sent", passes: false },
  unreachable: { code: 4, meaning: "the host cannot be reached: unknown name, or the connection failed", passes: true },
  tls: { code: 5, meaning: "no trusted TLS connection: unknown CA, expired certificate, wrong name", passes: false },
  timeout: { code: 6, meaning: "the host did not answer in time", passes: true },
  authentication: { code: 7, meaning: "the token or the credentials were not accepted (401)", passes: false },
  permission: { code: 8, meaning: "the account lacks a permission (403, PERMISSION_DENIED)", passes: false },
  notFound: { code: 9, meaning: "PrivX has no such id or endpoint (404)", passes: false },
  refused: { code: 10, meaning: "PrivX refused the request, or is not configured for it", passes: false },
  server: { code: 11, meaning: "PrivX failed or is overloaded, after all retries (5xx, MAX_LOAD, …)", passes: true },
  unexpected: {
    code: 12,
    meaning: "the response is not a valid PrivX response: cut short, too large, or of another API",
    passes: false
  },
  verification: { code: 13, meaning: "the setup script failed verification; it was not delivered", passes: false },
  storage: { code: 14, meaning: "a file, the data directory or the output cannot be read or written", passes: false },
  busy: { code: 15, meaning: "another process uses the data directory", passes: true },
  runNotFound: { code: 16, meaning: "no run with this id exists for this PrivX host", passes: false },
  listen: { code: 17, meaning: "the process cannot listen on the address or port", passes: false },
  approval: { code: 18, meaning: "the run waits for approval: privx-kit runs approve, or reject", passes: false },
  rejected: { code: 19, meaning: "the setup script was rejected; it was not delivered", passes: false },
  cancelled: { code: 20, meaning: "the run was cancelled", passes: false },
  conflict: { code: 21, meaning: "the state of the run does not allow this", passes: false },
  mismatch: { code: 22, meaning: "a stored script, or a file and its manifest, does not match", passes: false },
  artifactNotFound: { code: 23, meaning: "no stored script has this SHA-256, or several have", passes: false },
  execution: { code: 24, meaning: "the setup script was executed, and failed or took too long", passes: false },
  notExecuted: {
    code: 25,
    meaning: "the setup script was not executed: declined, executed before, or not startable",
    passes: false
  },
  database: { code: 26, meaning: "the shared database cannot be reached or used", passes: true },
  hostsFailed: { code: 27, meaning: "some hosts of the fleet failed; the others are done", passes: false },
  hostsWaiting: { code: 28, meaning: "some hosts of the fleet wait for approval; the others are done", passes: false },
  drift: { code: 29, meaning: "some hosts of the fleet have drifted", passes: false },
  training: { code: 30, meaning: "the training of a dataset failed", passes: false },
  connections: { code: 31, meaning: "too few connections for a training; no dataset was created", passes: true },
  notReady: { code: 32, meaning: "UEBA did not reach the expected state in time", passes: true },
  hangup: { code: 129, meaning: "the terminal was closed (SIGHUP); the run can be resumed", passes: true },
  interrupted: { code: 130, meaning: "interrupted with Ctrl-C; the run can be resumed", passes: true },
  terminated: { code: 143, meaning: "stopped by SIGTERM; the run can be resumed", passes: true }
} as const satisfies Record<string, ExitCode>

export type Name = keyof typeof table

/** In ascending order of the codes. */
export const names = Object.keys(table) as ReadonlyArray<Name>

/** An exit code: a row of the table, or a code that a domain has registered for one of its classes. */
export interface Exit {
  readonly code: number
  readonly name: string
}

export const exit = (name: Name | Exit): Exit => (typeof name === "string" ? { code: table[name].code, name } : name)

/** The exit code of a command that fails, or whose followed run fails. */
export const ofFailure = (
  failure: Failure,
  registered: (tag: string) => { readonly code: number } | undefined
): Exit => {
  const known = registered(failure._tag)
  if (known !== undefined) return { code: known.code, name: failure._tag }
  return exit(isKnown(failure) ? of(failure) : "defect")
}

/** A class that neither privx-kit nor a domain knows: a defect of the code that does not handle it. */
const isKnown = (failure: Failure): failure is CommandFailure => failure._tag in tags

/** The class of a privx-kit failure. */
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
    case "UnknownRunKind":
    case "SettingsError":
      return "settings"
    case "InternalError":
      return "defect"
    case "DataDirectoryBusy":
      return "busy"
    case "DatabaseUnusable":
      return failure.reason === "url" ? "settings" : "database"
    case "DataDirectoryUnusable":
    case "StorageFailed":
      return "storage"
    case "LoginFailed":
      return ofLogin[failure.reason]
    case "ApprovalPending":
      return "approval"
    case "FleetIncomplete":
      return "hostsFailed"
    case "ApprovalRejected":
      return "rejected"
    case "StepRefused":
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
    case "TooFewConnections":
      return "connections"
    case "WaitExpired":
    case "NotConfirmed":
      return "notReady"
    case "ExecutionFailed":
      return "execution"
    case "TrainingFailed":
      return "training"
    case "TrustAnchorsInvalid":
      return "usage"
    case "TransportError":
      return ofReason[failure.reason]
    case "UnexpectedResponse":
      return failure.status < 400 ? "unexpected" : ofStatus(failure.status, failure.operation)
    case "OAuthError":
      return ofOAuth[failure.code] ?? ofStatus(failure.status, failure.operation)
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
    // The remaining codes mean a wrong request or configuration, for any status.
    default:
      return ofStatus(Math.min(failure.status, 499), failure.operation)
  }
}

const ofOAuth: Readonly<Record<string, Name>> = {
  invalid_client: "authentication",
  invalid_grant: "authentication",
  unauthorized_client: "permission",
  invalid_scope: "permission",
  access_denied: "permission",
  temporarily_unavailable: "server",
  server_error: "server"
}

const ofLogin: Record<Extract<CommandFailure, { _tag: "LoginFailed" }>["reason"], Name> = {
  denied: "permission",
  timeout: "timeout",
  ended: "authentication",
  notOffered: "settings",
  noDeviceFlow: "settings",
  unreachable: "unreachable",
  refused: "authentication"
}

const ofReason: Record<Extract<CommandFailure, { _tag: "TransportError" }>["reason"], Name> = {
  nameResolution: "unreachable",
  refused: "unreachable",
  reset: "unreachable",
  circuitOpen: "unreachable",
  proxyRefused: "unreachable",
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
  // OAuth 2: the token endpoint responds to wrong credentials with 400.
  if (status === 401 || operation === "TokenProvider.get") return "authentication"
  if (status === 403) return "permission"
  return status === 404 ? "notFound" : "refused"
}

const tags: Readonly<Record<CommandFailure["_tag"], true>> = {
  AlreadyExecuted: true,
  ApprovalPending: true,
  ApprovalRejected: true,
  ArtifactNotFound: true,
  BadRequest: true,
  CacheError: true,
  ConfigurationError: true,
  DataDirectoryBusy: true,
  DataDirectoryUnusable: true,
  DatabaseError: true,
  DatabaseUnusable: true,
  ExecutionFailed: true,
  FaultSyntaxError: true,
  FleetIncomplete: true,
  GeneralError: true,
  HostUnusable: true,
  InternalError: true,
  IntraServiceCommunicationError: true,
  InvalidInput: true,
  InvalidRequestData: true,
  KeyUnusable: true,
  ListenFailed: true,
  LoginFailed: true,
  MaxLoad: true,
  NotConfirmed: true,
  OAuthError: true,
  OutOfResources: true,
  PermissionDenied: true,
  RequiredValueMissing: true,
  RunAmbiguous: true,
  RunCancelled: true,
  RunConflict: true,
  RunNotFound: true,
  ServerRefused: true,
  SettingsError: true,
  SimulatorError: true,
  StepRefused: true,
  StorageFailed: true,
  TooFewConnections: true,
  TooManyConnections: true,
  TrainingFailed: true,
  TransportError: true,
  TrustAnchorsInvalid: true,
  UnexpectedResponse: true,
  UnknownErrorCode: true,
  UnknownRunKind: true,
  UsageError: true,
  ValueDuplicate: true,
  ValueIncorrectFormat: true,
  ValueIncorrectType: true,
  ValueOutOfBounds: true,
  VerificationFailed: true,
  WaitExpired: true
}
