/**
 * The output of a command: results on `out` (standard output), messages for people on `err` (standard error). A failed
 * write does not stop the command; `written` reports whether everything was written.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { StorageFailed } from "@privx-kit/core/StorageFailed"
import * as Capabilities from "./Capabilities.ts"
import * as OutputStream from "./OutputStream.ts"
import * as Style from "./Style.ts"

export interface Pane {
  readonly style: Style.Style
  /** Whether a line may be redrawn in place. */
  readonly animation: boolean
  /** The current width in characters. */
  readonly columns: () => number
  /** Writes as is. */
  readonly write: (data: string | Uint8Array) => Effect.Effect<void>
  /** Writes a line. */
  readonly line: (text?: string) => Effect.Effect<void>
  /** Waits until everything is written, and fails with the first write that failed. */
  readonly written: Effect.Effect<void, StorageFailed>
}

export class Screen extends Context.Service<
  Screen,
  {
    readonly out: Pane
    readonly err: Pane
  }
>()("privx-kit/Screen") {
  /**
   * The streams of the process.
   *
   * @param color the value of `--color` or `--no-color`
   */
  static readonly layer = (color: boolean | undefined): Layer.Layer<Screen> =>
    Layer.sync(Screen, () => ({
      out: ofStream(process.stdout, "Standard output", color),
      err: ofStream(process.stderr, "Standard error", color)
    }))
}

/** Used if the stream has no width. */
const defaultColumns = 80

const ofStream = (
  stream: NodeJS.WriteStream & { readonly fd: number },
  name: string,
  color: boolean | undefined
): Pane => {
  const isTerminal = stream.isTTY === true
  const capabilities = Capabilities.detect({
    isTerminal,
    environment: process.env,
    platform: process.platform,
    color
  })
  return make({
    capabilities,
    columns: () => (isTerminal && stream.columns > 0 ? stream.columns : defaultColumns),
    isTerminal,
    output: OutputStream.of(stream, name)
  })
}

export const make = (options: {
  readonly capabilities: Capabilities.Capabilities
  readonly columns: () => number
  /** Whether the output is a terminal that interprets control characters. Default `false`. */
  readonly isTerminal?: boolean
  readonly output: OutputStream.OutputStream
}): Pane => {
  const { output } = options
  const shown = options.isTerminal === true ? harmless : (text: string) => text
  const write = (data: string | Uint8Array) => Effect.sync(() => output.write(data))
  return {
    style: Style.make(options.capabilities),
    animation: options.capabilities.animation,
    columns: options.columns,
    write,
    line: (text = "") => write(`${shown(text)}\n`),
    written: Effect.flatMap(
      Effect.promise(() => output.flush()),
      (failure) => (failure === undefined ? Effect.void : Effect.fail(failure))
    )
  }
}

/**
 * Keeps colors, tabs and line ends. Replaces every other character that moves the cursor, hides text, makes the terminal
 * respond or changes the text direction with a question mark, because a line may quote untrusted text.
 */
const harmless = (text: string): string =>
  // eslint-disable-next-line no-control-regex -- control characters are what this is about
  text.replace(/\u001b\[[0-9;]*m|[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g, (sequence) =>
    sequence.length > 1 ? sequence : "?"
  )
