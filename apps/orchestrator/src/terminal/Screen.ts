/**
 * Where a command writes: results to `out` (standard output), everything that is for a person to `err` (standard error).
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Capabilities from "./Capabilities.ts"
import * as Style from "./Style.ts"

export interface Pane {
  readonly style: Style.Style
  /** Whether lines may be drawn over. */
  readonly animation: boolean
  /** Width in characters, now. */
  readonly columns: () => number
  /** Writes as is. */
  readonly write: (text: string) => Effect.Effect<void>
  /** Writes a line. */
  readonly line: (text?: string) => Effect.Effect<void>
}

export class Screen extends Context.Service<
  Screen,
  {
    readonly out: Pane
    readonly err: Pane
  }
>()("privx-kit/Screen") {
  /**
   * The process's own streams.
   *
   * @param color what `--color` or `--no-color` said
   */
  static readonly layer = (color: boolean | undefined): Layer.Layer<Screen> =>
    Layer.sync(Screen, () => ({ out: ofStream(process.stdout, color), err: ofStream(process.stderr, color) }))
}

/** Where nothing tells the width. */
const defaultColumns = 80

const ofStream = (stream: NodeJS.WriteStream, color: boolean | undefined): Pane => {
  const capabilities = Capabilities.detect({
    isTerminal: stream.isTTY === true,
    environment: process.env,
    platform: process.platform,
    color
  })
  return make({
    capabilities,
    columns: () => (stream.isTTY === true && stream.columns > 0 ? stream.columns : defaultColumns),
    isTerminal: stream.isTTY === true,
    write: (text) => {
      stream.write(text)
    }
  })
}

export const make = (options: {
  readonly capabilities: Capabilities.Capabilities
  readonly columns: () => number
  /** Whether what is written is shown at once, by something that can be told to do more than that. Default `false`. */
  readonly isTerminal?: boolean
  readonly write: (text: string) => void
}): Pane => {
  const shown = options.isTerminal === true ? harmless : (text: string) => text
  const write = (text: string) => Effect.sync(() => options.write(text))
  return {
    style: Style.make(options.capabilities),
    animation: options.capabilities.animation,
    columns: options.columns,
    write,
    line: (text = "") => write(`${shown(text)}\n`)
  }
}

/**
 * Colours, tabs and ends of lines go through. Everything else that moves, hides or answers on a terminal, or turns the
 * direction of a text around, is shown as a question mark: a line may have words of others in it, as a key or a comment.
 */
const harmless = (text: string): string =>
  // eslint-disable-next-line no-control-regex -- control characters are what this is about
  text.replace(/\u001b\[[0-9;]*m|[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g, (found) =>
    found.length > 1 ? found : "?"
  )
