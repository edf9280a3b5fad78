#!/usr/bin/env bash
# A setup through a server, all of it from the program that is given: `served.sh "npx --no-install privx-kit"`.
# What is loaded only by then shows nowhere else in the packed program. Prints the status of the run.
set -eum
program=$1
directory=$(mktemp -d)
# Each job has a group of its own (set -m): npx does not pass signals on to what it has started.
trap 'for job in $(jobs -p); do kill -- "-$job" 2>/dev/null || true; done; rm -rf "$directory"' EXIT

# until_line FILE PATTERN: waits for a line in a file.
until_line() {
  for _ in $(seq 300); do
    grep -qs "$2" "$1" && return
    sleep 0.1
  done
  cat "$1" "$directory"/*.err >&2
  return 1
}

$program simulate --json >"$directory/simulator" 2>"$directory/simulator.err" &
until_line "$directory/simulator" '^}'
eval "$(node -e '
  const { result } = JSON.parse(require("fs").readFileSync(process.argv[1], "utf8"))
  for (const [name, value] of Object.entries(result.environment)) console.log(`export ${name}=${JSON.stringify(value)}`)
' "$directory/simulator")"
$program serve --insecure-no-auth --listen 127.0.0.1:0 --data-dir "$directory/data" >"$directory/server" 2>&1 &
until_line "$directory/server" 'http://127.0.0.1:[1-9]'
url=$(grep -o 'http://127.0.0.1:[1-9][0-9]*' "$directory/server" | grep -v "$PRIVX_API_BASE_URL" | head -n 1)
$program ueba setup --server "$url" --output "$directory/out" >"$directory/setup" 2>&1 || { cat "$directory/setup" >&2; exit 1; }
test -s "$directory/out/privx-ueba-setup.sh"
$program runs list --server "$url" --json | node -e '
  const { result } = JSON.parse(require("fs").readFileSync(0, "utf8"))
  console.log((Array.isArray(result) ? result : result.runs).map((run) => run.status).join(" "))
'
