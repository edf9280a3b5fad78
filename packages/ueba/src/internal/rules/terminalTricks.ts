/**
 * Commands that change what a terminal has shown: they erase lines, hide text, or show another title.
 *
 * Runs in the parser's thread and in the main thread: imports nothing.
 */

/** How `printf` and `echo` spell the escape character. */
const escape = String.raw`(?:\\(?:0?33|x1b|e|E|u001b))`

const sequences: ReadonlyArray<readonly [pattern: RegExp, what: string]> = [
  [new RegExp(`${escape}\\[(?:[0-9;]{0,8};)?8m`, "i"), "prints text that a terminal does not show"],
  [new RegExp(`${escape}(?:\\[[23]J|c)`), "erases what the terminal has shown"],
  [new RegExp(`${escape}\\[(?:[0-9]{0,3}[AF]|\\?1049h|\\?47h)`), "writes over what the terminal has shown"],
  [new RegExp(`${escape}\\][0-2];`), "changes the title of the terminal"],
  [/(?:\\b){3}/, "writes over what the terminal has shown"]
]

/**
 * What a call does to the terminal, if it misleads a reader.
 *
 * @param asks whether the script reads input, and so may ask for a secret
 */
export const terminalTrick = (name: string, args: ReadonlyArray<string>, asks: () => boolean): string | undefined => {
  if (name === "echo" || name === "printf") {
    for (const argument of args.slice(0, 16)) {
      if (/\[sudo\] password for/i.test(argument.slice(0, 4096))) return "asks for a password in the name of sudo"
      const part = argument.slice(0, 4096)
      const found = sequences.find(([pattern]) => pattern.test(part))
      if (found !== undefined) return found[1]
    }
    return undefined
  }
  if (name === "stty" && args.includes("-echo") && !asks()) return "hides what is typed and shown"
  if (name === "tput")
    return args.some((argument) => /^(?:cuu1?|smcup|invis|reset|ed|rc|home)$/.test(argument))
      ? "writes over what the terminal has shown"
      : undefined
  return undefined
}
