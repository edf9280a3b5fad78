/**
 * The commands that run another command, or text as code. Data only; `launching.ts` reads it.
 */

/** What follows the options and operands of a launcher. */
type Rest = "command" | "code" | "nothing"

export interface Launcher {
  /** Options whose value is the next argument. */
  readonly valued?: ReadonlyArray<string>
  /** The number of operands before the command. */
  readonly operands?: number
  readonly rest: Rest
  /** Options whose value is shell code. */
  readonly code?: ReadonlyArray<string>
  /** Options with which the launcher runs nothing. */
  readonly inert?: ReadonlyArray<string>
  /** Without a command, it starts a shell that reads standard input. */
  readonly shellWithout?: true
  /** The first operand must match for it to run something; with any other, it does something else. */
  readonly only?: RegExp
}

const words = (text: string): ReadonlyArray<string> => text.split(" ")

const prefix = (valued = "", operands = 0): Launcher => ({ valued: words(valued), operands, rest: "command" })

export const launchers: ReadonlyMap<string, Launcher> = new Map<string, Launcher>([
  [
    "sudo",
    {
      ...prefix("-u -g -h -p -C -U -r -t -T -D -R --user --group --host --prompt --chdir --chroot --role --type"),
      inert: words("-l -v -k -K -V")
    }
  ],
  ["doas", { ...prefix("-u -C"), inert: ["-L"] }],
  ["run0", prefix("-u -g -p -D --user --group --property --chdir --nice --unit --slice")],
  ["pkexec", prefix("--user")],
  ["gosu", prefix("", 1)],
  ["su-exec", prefix("", 1)],
  ["setpriv", prefix("--reuid --regid --groups --inh-caps --bounding-set --ambient-caps --securebits")],
  ["env", prefix("-u -C --unset --chdir")],
  ["nohup", prefix()],
  ["setsid", prefix()],
  ["nice", prefix("-n --adjustment")],
  ["ionice", prefix("-c -n -p --class --classdata")],
  ["chrt", prefix("-T -P -D", 1)],
  ["taskset", prefix("", 1)],
  ["numactl", prefix("-N -m -C -i -p")],
  ["prlimit", prefix("-p")],
  ["cgexec", prefix("-g")],
  ["time", prefix("-f -o")],
  ["timeout", prefix("-k -s --kill-after --signal", 1)],
  ["exec", prefix("-a")],
  ["command", { ...prefix(), inert: words("-v -V") }],
  ["builtin", prefix()],
  ["coproc", prefix()],
  ["noglob", prefix()],
  ["stdbuf", prefix("-i -o -e --input --output --error")],
  ["unbuffer", prefix()],
  ["script", { valued: words("-E -I -O -B -T -m -o"), operands: 1, rest: "nothing", code: words("-c --command") }],
  ["chroot", { ...prefix("--userspec --groups", 1), shellWithout: true }],
  ["arch-chroot", prefix("-u", 1)],
  ["systemd-nspawn", prefix("-D -M -u -i --directory --machine --user --image")],
  ["unshare", prefix("-S -G -R -w --map-user --map-group --root --wd --setuid --setgid")],
  ["nsenter", prefix("-t -S -G --target --setuid --setgid")],
  ["setarch", prefix("", 1)],
  ["linux32", prefix()],
  ["linux64", prefix()],
  ["i386", prefix()],
  ["x86_64", prefix()],
  ["fakeroot", prefix("-l -s -i -b")],
  ["proot", prefix("-r -b -w -q")],
  ["faketime", prefix("", 1)],
  ["eatmydata", prefix()],
  ["catchsegv", prefix()],
  ["tini", prefix("-p -e")],
  ["dumb-init", prefix()],
  ["caffeinate", prefix("-t -w")],
  ["busybox", prefix()],
  ["toybox", prefix()],
  ["strace", prefix("-o -e -p -s -a -u -E -O -S -P -b -I -X")],
  ["ltrace", prefix("-o -e -p -s -a -u -n -l -x")],
  ["valgrind", prefix()],
  ["perf", prefix("-e -o", 1)],
  ["xvfb-run", prefix("-n -e -f -p -s -w")],
  ["dbus-run-session", prefix("--config-file --dbus-daemon")],
  ["dbus-launch", prefix()],
  ["systemd-inhibit", prefix()],
  ["systemd-cat", prefix("-t -p --identifier --priority")],
  [
    "systemd-run",
    prefix(
      "-u -p -E -M -H -t --unit --property --setenv --description --slice --on-calendar --on-boot --on-active --uid --gid --nice --working-directory"
    )
  ],
  ["runcon", prefix("-t -u -r -l --type --user --role --range", 1)],
  ["aa-exec", prefix("-p -n --profile --namespace")],
  ["firejail", prefix()],
  ["bwrap", prefix("--bind --ro-bind --dev --proc --tmpfs --chdir")],
  ["daemonize", prefix("-a -c -e -o -p -l -u -E")],
  ["daemon", prefix("-n -u -e -i -o -l -p")],
  [
    "start-stop-daemon",
    {
      valued: words(
        "-p -u -n -g -c -d -r -N -P -s -R -k -x -a --pidfile --user --name --group --chuid --chdir --chroot --nicelevel --signal --retry --umask --exec --startas"
      ),
      rest: "nothing"
    }
  ],
  [
    "xargs",
    prefix("-I -n -P -L -d -a -s -E --replace --max-args --max-procs --max-lines --delimiter --arg-file --max-chars")
  ],
  [
    "parallel",
    {
      valued: words("-j -I -n -N -a -S -d --jobs --arg-file --joblog --timeout --delay --retries --results"),
      rest: "code",
      shellWithout: true
    }
  ],
  [
    "su",
    {
      valued: words("-s -g -G -w --shell --group --supp-group"),
      rest: "nothing",
      code: words("-c --command --session-command"),
      shellWithout: true
    }
  ],
  [
    "runuser",
    {
      valued: words("-u -s -g -G -w --user --shell --group --supp-group"),
      rest: "command",
      code: words("-c --command --session-command")
    }
  ],
  ["sg", { operands: 1, rest: "code", code: ["-c"] }],
  [
    "flock",
    {
      valued: words("-w -E --timeout --wait --conflict-exit-code"),
      operands: 1,
      rest: "command",
      code: words("-c --command")
    }
  ],
  [
    "ssh",
    {
      valued: words("-b -c -D -E -e -F -I -i -J -L -l -m -O -o -p -Q -R -S -W -w -B"),
      operands: 1,
      rest: "code",
      shellWithout: true
    }
  ],
  ["sshpass", prefix("-p -f -d -P")],
  ["dropbearclient", prefix("-i -p -l", 1)],
  ["watch", { valued: words("-n --interval"), rest: "code" }],
  ["eval", { rest: "code" }],
  ["trap", { rest: "nothing" }],
  ["at", { valued: words("-f -q -t -m"), operands: 9, rest: "nothing", shellWithout: true }],
  ["batch", { rest: "nothing", shellWithout: true }],
  ["expect", { rest: "nothing", code: ["-c"] }],
  ["capsh", { rest: "nothing", code: ["-c"] }],
  ["entr", prefix()],
  ["inotifywait", { rest: "nothing" }],
  ["chpst", prefix("-u -U -e -n -l -L -b -m -d -o -p -f -c -r -t -/")],
  ["setuidgid", prefix("", 1)],
  ["softlimit", prefix()],
  ["torsocks", prefix()],
  ["torify", prefix()],
  ["proxychains", prefix("-f")],
  ["proxychains4", prefix("-f")],
  ["ts", { rest: "nothing" }],
  ["tmux", { valued: words("-L -S -f -s -n -c -t -x -y -F -e"), operands: 1, rest: "code" }],
  ["screen", prefix("-S -t -c -h -e -T -p -s")],
  ["dtach", prefix("-e -r", 1)],
  ["abduco", prefix("-e", 1)],
  ["tsp", prefix("-L -N -D")],
  ["nq", prefix()],
  ["chronic", prefix()],
  ["ifne", prefix()],
  ["pee", { rest: "code" }],
  ["rlwrap", prefix()],
  ["run-one", prefix()],
  ["choom", prefix("-n -p")],
  ["uclampset", prefix("-m -M -p")],
  ["cpulimit", prefix("-l -p -e")],
  ["envdir", prefix("", 1)],
  ["envuidgid", prefix("", 1)],
  ["s6-setuidgid", prefix("", 1)],
  ["s6-envdir", prefix("", 1)],
  ["with-contenv", prefix()],
  ["execlineb", { rest: "nothing", code: ["-c"] }],
  ["ssh-agent", prefix("-a -t -P")],
  ["gtimeout", prefix("-k -s --kill-after --signal", 1)],
  ["dzdo", prefix("-u -g")],
  ["pfexec", prefix()],
  ["machinectl", prefix("-M -E --uid --setenv", 2)],
  ["distrobox-host-exec", prefix()],
  ["flatpak-spawn", prefix("--env --directory")],
  ["dbclient", { valued: words("-i -p -l -L -R -J"), operands: 1, rest: "code" }],
  ["rsh", { valued: ["-l"], operands: 1, rest: "code" }],
  ["pdsh", { valued: words("-w -x -l -f -u -R"), rest: "code" }],
  ["clush", { valued: words("-w -x -l -f -g"), rest: "code" }],
  ["conda", { valued: words("-n -p --name --prefix"), operands: 1, rest: "command", only: /^run$/ }],
  ["poetry", { operands: 1, rest: "command", only: /^run$/ }],
  ["pipenv", { operands: 1, rest: "command", only: /^run$/ }],
  ["direnv", { operands: 2, rest: "command", only: /^exec$/ }],
  ["ip", { operands: 3, rest: "command", only: /^(?:netns|vrf)$/ }],
  ["ansible", { rest: "nothing", code: words("-a --args") }],
  ["k3s", { rest: "command", only: /^(?:kubectl|crictl|ctr)$/ }],
  ["nix-shell", { valued: words("-p -I --packages"), rest: "nothing", code: words("--run --command") }]
])

/** The dynamic linker runs the program in its arguments, whatever the name of the linker is. */
const linker: Launcher = prefix("--library-path --preload --audit --argv0 --inhibit-rpath")

export const launcherOf = (name: string): Launcher | undefined =>
  launchers.get(name) ?? (/^(?:ld-linux|ld-musl|ld64|ld)[\w.-]*\.so[.\d]*$/.test(name) ? linker : undefined)

/** The shells: an argument is code with `-c` and similar options; without an operand, standard input is code. */
export const shells: ReadonlySet<string> = new Set(
  words("sh bash dash ash ksh ksh93 mksh pdksh posh yash zsh rbash lksh hush fish csh tcsh pwsh")
)

/** Options of shells whose value is the next argument. */
export const shellValued: ReadonlySet<string> = new Set(words("-o +o -O +O --rcfile --init-file"))

/** Options of other commands whose value is shell code or a command line. */
export const codeOptions: ReadonlyMap<string, ReadonlyArray<string>> = new Map<string, ReadonlyArray<string>>([
  ["tar", words("--to-command --use-compress-program --info-script --new-volume-script --rsh-command -I -F")],
  ["rsync", words("-e --rsh --rsync-path")],
  ["nc", words("-e -c --exec --sh-exec")],
  ["ncat", words("-e -c --exec --sh-exec")],
  ["netcat", words("-e -c --exec --sh-exec")],
  ["vim", words("-c --cmd")],
  ["vi", words("-c --cmd")],
  ["nvim", words("-c --cmd")],
  ["ex", words("-c")],
  ["emacs", words("--eval")],
  ["gdb", words("-ex --eval-command")],
  ["split", words("--filter")],
  ["man", words("-P --pager")],
  ["screen", words("-X")],
  ["zip", words("-TT --unzip-command")],
  ["wget", words("--use-askpass")],
  ["nmap", words("--script")],
  ["cpulimit", words("--")]
])

/**
 * Interpreters of other languages: options whose value is code, options that load code, and options that take any other
 * value.
 */
export interface Language {
  readonly name: string
  readonly command: RegExp
  /** The letter of a single-dash option that introduces code, or a long option. */
  readonly code: RegExp
  /** Options that load a module or file: a URL there is downloaded code. */
  readonly load: RegExp
  readonly valued: RegExp
  /** The first operand is code, as with awk. */
  readonly operandIsCode?: true
}

const never = /^(?!)/

export const languages: ReadonlyArray<Language> = [
  { name: "Python", command: /^(?:python|pypy)[\d.]*$/, code: /^-[bBdEiIOqsSuvx]*c/, load: /^-m/, valued: /^-[WX]$/ },
  { name: "Perl", command: /^perl[\d.]*$/, code: /^-[acfilnpsStTuUvwWX0]*[eE]/, load: /^-[mM]/, valued: /^-I$/ },
  { name: "Ruby", command: /^j?ruby[\d.]*$/, code: /^-[acdhlnpsSvwWxy]*e/, load: /^-r/, valued: /^-[ICEK]$/ },
  {
    name: "JavaScript",
    command: /^(?:node|nodejs|deno|bun|qjs|d8)$/,
    code: /^(?:-[ep]+$|--eval|--print|eval$)/,
    load: /^(?:-r$|--require|--import|--loader|--experimental-loader)/,
    valued: /^(?:-C|--conditions)$/
  },
  {
    name: "PHP",
    command: /^php[\d.]*$/,
    code: /^(?:-[rRBE]|--run|--process-)/,
    load: /^-(?:z|-zend-extension)/,
    valued: /^-[cdtS]$/
  },
  { name: "Lua", command: /^(?:lua|luajit)[\d.]*$/, code: /^-e/, load: /^-l/, valued: never },
  { name: "Tcl", command: /^(?:tclsh|wish|expect)[\d.]*$/, code: never, load: never, valued: never },
  { name: "R", command: /^R(?:script)?$/, code: /^-e$/, load: never, valued: /^-f$/ },
  { name: "Julia", command: /^julia$/, code: /^-[eE]|^--(?:eval|print)/, load: /^-L$/, valued: /^-[Jptm]$/ },
  { name: "Groovy", command: /^(?:groovy|scala|kotlin|jshell)$/, code: /^-e$/, load: never, valued: /^-cp$/ },
  {
    name: "Elixir",
    command: /^(?:elixir|iex|erl|clojure|clj|crystal)$/,
    code: /^(?:-e|-eval|--eval|eval)$/,
    load: never,
    valued: never
  },
  {
    name: "Lisp",
    command: /^(?:sbcl|racket|emacs|octave|gosh)$/,
    code: /^(?:-e|--eval)$/,
    load: /^(?:-l|--load|-t)$/,
    valued: never
  },
  { name: "Raku", command: /^(?:raku|perl6)$/, code: /^-e/, load: /^-M/, valued: /^-I$/ },
  { name: "Guile", command: /^guile$/, code: /^-c$/, load: /^-l$/, valued: never },
  {
    name: "PowerShell",
    command: /^(?:pwsh|powershell)$/,
    code: /^-(?:c|command|e|encodedcommand)$/i,
    load: never,
    valued: never
  },
  {
    name: "awk",
    command: /^[gmn]?awk$|^original-awk$/,
    code: /^(?:-e|--source)/,
    load: /^-[fi]/,
    valued: /^-[vF]$/,
    operandIsCode: true
  }
]

export const languageOf = (name: string): Language | undefined => languages.find(({ command }) => command.test(name))
