/** What a script with several checks prints: a line for each, the details of what failed, the counts at the end. */
import { spawnSync } from "node:child_process"

export interface Ran {
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
}

/** What pnpm tells the scripts that it runs, and what must not reach a program that is tried as its user would run it. */
const ofPnpm =
  /^(npm_(package|lifecycle)_|npm_(command|execpath|node_execpath)$|p?npm_config_verify_deps_before_run$|INIT_CWD$|NODE_PATH$)/i

export const run = (
  command: string,
  args: ReadonlyArray<string>,
  options: { readonly cwd?: string; readonly env?: NodeJS.ProcessEnv; readonly seconds?: number } = {}
): Ran => {
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !ofPnpm.test(name)))
  const { error, status, stderr, stdout } = spawnSync(command, args, {
    cwd: options.cwd,
    encoding: "utf8",
    env: { ...env, ...options.env },
    maxBuffer: 64 * 1024 * 1024,
    stdio: ["ignore", "pipe", "pipe"],
    timeout: (options.seconds ?? 300) * 1000
  })
  return { status, stdout: stdout ?? "", stderr: `${stderr ?? ""}${error === undefined ? "" : `\n${error.message}`}` }
}

export class Checks {
  private passed = 0
  private failed = 0

  /** Passes when there is no problem. */
  check(name: string, problems: ReadonlyArray<string>): boolean {
    console.log(`${problems.length === 0 ? "ok    " : "FAILED"} ${name}`)
    for (const problem of problems) console.log(problem.trimEnd().replace(/^/gm, "       "))
    if (problems.length === 0) this.passed++
    else this.failed++
    return problems.length === 0
  }

  /** Passes when the command ends with 0 and nothing is found wrong with what it wrote. */
  ran(
    name: string,
    { status, stderr, stdout }: Ran,
    wrong: (stdout: string) => string | undefined = () => undefined
  ): boolean {
    if (status !== 0) return this.check(name, [`exit code ${status}`, stdout, stderr])
    const problem = wrong(stdout)
    return this.check(name, problem === undefined ? [] : [problem, stdout, stderr])
  }

  /** Prints the counts and decides the exit code. A run without a single check has not passed. */
  end(): void {
    console.log(`${this.passed} passed, ${this.failed} failed`)
    if (this.failed > 0 || this.passed === 0) process.exitCode = 1
  }
}
