/** The words of a text that may name a command. */
export const wordsOf = (text: string): ReadonlySet<string> =>
  // `${TOOL:-tool}` names the tool.
  new Set(text.split(/[^\w+-]+/).flatMap((word) => (/^[-+]/.test(word) ? [word, word.replace(/^[-+]+/, "")] : word)))
