/**
 * The setup script that the simulator serves by default: a shell script of realistic size and structure, with an
 * address and a PEM trust anchor. Its first lines say that it is simulated. It prints what an installation would do,
 * and changes nothing on the machine that runs it.
 *
 * The content of the real script is not publicly documented; this script does not claim to resemble it.
 *
 * @since 0.1.0
 */
import type { ConfigurationUpdate } from "@privx-kit/ueba/UebaConfiguration"
import { createHash } from "node:crypto"

/**
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /** Address on which the UEBA host listens for PrivX. Default {@link address}. */
  readonly address?: string
  /** PEM certificates that the UEBA host trusts. Default {@link trustAnchor}. */
  readonly trustAnchors?: string
}

/**
 * @since 0.1.0
 * @category constants
 */
export const address = "ueba.simulator.invalid:8000"

/**
 * A certificate that was created for this module. Its private key was deleted. Valid until the end of 2123.
 *
 * @since 0.1.0
 * @category constants
 */
export const trustAnchor = `-----BEGIN CERTIFICATE-----
MIIB3zCCAYagAwIBAgIBUTAKBggqhkjOPQQDAjBVMSowKAYDVQQDEyFQcml2WCBz
aW11bGF0b3IgVUVCQSB0cnVzdCBhbmNob3IxJzAlBgNVBAoTHlNpbXVsYXRlZCAt
IG5vdCBmb3IgcHJvZHVjdGlvbjAgFw0yNDAxMDEwMDAwMDBaGA8yMTIzMTIzMTIz
NTk1OVowVTEqMCgGA1UEAxMhUHJpdlggc2ltdWxhdG9yIFVFQkEgdHJ1c3QgYW5j
aG9yMScwJQYDVQQKEx5TaW11bGF0ZWQgLSBub3QgZm9yIHByb2R1Y3Rpb24wWTAT
BgcqhkjOPQIBBggqhkjOPQMBBwNCAATkCROQ5UtjN6S4OjteNYo6Me+znYslZKfl
7XcKYtK6IJ6iKbWEcmy4O2nGkLazAuPXPwBUcLmohn/e/Ve/+NXNo0UwQzASBgNV
HRMBAf8ECDAGAQH/AgEAMA4GA1UdDwEB/wQEAwIBBjAdBgNVHQ4EFgQU8LyB8kY0
w01NtSujK4L0PWKGr08wCgYIKoZIzj0EAwIDRwAwRAIgIbIN7vHh2CfOXTDQtgMX
TYtMeAqAY+bPh4jX5r9iT+UCIDNjOP7jyv55c8a6EI9ARKGJLJQyMvpaCwxlzMmy
GFzV
-----END CERTIFICATE-----
`

/**
 * The configuration of {@link text}.
 *
 * @since 0.1.0
 * @category constants
 */
export const configuration: Required<ConfigurationUpdate> = { address, trust_anchors: trustAnchor }

const quote = (value: string): string => `'${value.replaceAll("'", `'\\''`)}'`

/**
 * Creates the script for an address and trust anchors. The same options give the same bytes.
 *
 * @example
 * ```ts
 * import * as SetupScript from "@privx-kit/simulator/SetupScript"
 *
 * const script: string = SetupScript.make({ address: "ueba.example.com:8443" })
 * ```
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (options: Options = {}): string => `#!/usr/bin/env bash
#
# SIMULATED SETUP SCRIPT. Made by the PrivX simulator of privx-kit, not by a PrivX.
# It prints what an installation would do, and changes nothing.
#
# Setup of a UEBA host for SSH PrivX
# usage: bash setup-script.sh [--check] [--uninstall] [--help]

set -euo pipefail
umask 077

readonly SIMULATED=1
readonly PRIVX_UEBA_ADDRESS=${quote(options.address ?? address)}
readonly PRIVX_UEBA_SERVICE="privx-ueba"
readonly PRIVX_UEBA_USER="privx-ueba"
readonly PRIVX_UEBA_HOME="/opt/privx-ueba"
readonly PRIVX_UEBA_CONFIG="$PRIVX_UEBA_HOME/etc/ueba.toml"
readonly PRIVX_UEBA_TRUST="$PRIVX_UEBA_HOME/etc/trust-anchors.pem"
readonly PRIVX_UEBA_UNIT="/etc/systemd/system/$PRIVX_UEBA_SERVICE.service"
readonly MINIMUM_MEMORY_KB=8000000
readonly MINIMUM_DISK_KB=20000000

# The certificates that this host trusts when PrivX connects to it.
read -r -d '' TRUST_ANCHORS <<'PEM' || true
${(options.trustAnchors ?? trustAnchor).trimEnd()}
PEM
readonly TRUST_ANCHORS

# ----------------------------------------------------------------------
# output
# ----------------------------------------------------------------------

log()  { printf '%s  %s\\n' "$(date -u +%Y-%m-%dT%H:%M:%SZ)" "$*"; }
warn() { printf 'warning: %s\\n' "$*" >&2; }
die()  { printf 'error: %s\\n' "$*" >&2; exit 1; }

# Every change goes through here. In this simulated script it is printed, not made.
run() {
  if [ "$SIMULATED" -eq 1 ]; then
    printf '+ %s\\n' "$*"
  else
    die "a simulated script installs nothing"
  fi
}

usage() {
  cat <<'USAGE'
usage: bash setup-script.sh [--check] [--uninstall] [--help]

  --check      look at this host, and say whether the service could run on it
  --uninstall  take the service off this host
  --help       this text
USAGE
}

# ----------------------------------------------------------------------
# the host
# ----------------------------------------------------------------------

check_commands() {
  local missing=0 name
  for name in awk df openssl systemctl; do
    if ! command -v "$name" >/dev/null 2>&1; then
      warn "the command $name is missing"
      missing=$((missing + 1))
    fi
  done
  return "$missing"
}

check_memory() {
  local available
  available=$(awk '/^MemTotal:/ { print $2 }' /proc/meminfo 2>/dev/null || echo 0)
  if [ "$available" -lt "$MINIMUM_MEMORY_KB" ]; then
    warn "$available kB of memory; training wants $MINIMUM_MEMORY_KB kB"
    return 1
  fi
}

check_disk() {
  local available
  available=$(df -Pk / | awk 'NR == 2 { print $4 }')
  if [ "$available" -lt "$MINIMUM_DISK_KB" ]; then
    warn "$available kB of disk; the data wants $MINIMUM_DISK_KB kB"
    return 1
  fi
}

check_trust() {
  if ! printf '%s\\n' "$TRUST_ANCHORS" | openssl x509 -noout -checkend 0 >/dev/null 2>&1; then
    warn "the trust anchor has expired, or is none"
    return 1
  fi
}

check_host() {
  local findings=0
  check_commands || findings=$((findings + 1))
  check_memory   || findings=$((findings + 1))
  check_disk     || findings=$((findings + 1))
  check_trust    || findings=$((findings + 1))
  log "host checked: $findings finding(s)"
  return 0
}

# ----------------------------------------------------------------------
# the service
# ----------------------------------------------------------------------

create_user() {
  if id "$PRIVX_UEBA_USER" >/dev/null 2>&1; then
    log "the user $PRIVX_UEBA_USER exists already"
  else
    run useradd --system --home-dir "$PRIVX_UEBA_HOME" --shell /usr/sbin/nologin "$PRIVX_UEBA_USER"
  fi
}

write_configuration() {
  run install -d -m 0750 -o "$PRIVX_UEBA_USER" "$PRIVX_UEBA_HOME/etc" "$PRIVX_UEBA_HOME/data"
  run write "$PRIVX_UEBA_TRUST" "$(printf '%s\\n' "$TRUST_ANCHORS" | wc -l) lines"
  run write "$PRIVX_UEBA_CONFIG" "listen = $PRIVX_UEBA_ADDRESS"
}

write_unit() {
  local line
  while IFS= read -r line; do
    run append "$PRIVX_UEBA_UNIT" "$line"
  done <<UNIT
[Unit]
Description=SSH PrivX UEBA (simulated)
After=network-online.target
Wants=network-online.target

[Service]
User=$PRIVX_UEBA_USER
ExecStart=$PRIVX_UEBA_HOME/bin/ueba --config $PRIVX_UEBA_CONFIG
Restart=on-failure
RestartSec=5
NoNewPrivileges=true
ProtectSystem=strict
ReadWritePaths=$PRIVX_UEBA_HOME/data

[Install]
WantedBy=multi-user.target
UNIT
}

install_service() {
  log "installing $PRIVX_UEBA_SERVICE for $PRIVX_UEBA_ADDRESS"
  check_host
  create_user
  write_configuration
  write_unit
  run systemctl daemon-reload
  run systemctl enable --now "$PRIVX_UEBA_SERVICE"
  log "done: PrivX reaches this host at $PRIVX_UEBA_ADDRESS"
}

uninstall_service() {
  log "taking $PRIVX_UEBA_SERVICE off this host"
  run systemctl disable --now "$PRIVX_UEBA_SERVICE"
  run rm -f "$PRIVX_UEBA_UNIT"
  run rm -rf "$PRIVX_UEBA_HOME"
  run userdel "$PRIVX_UEBA_USER"
}

main() {
  case "$*" in
    "")            install_service ;;
    "--check")     check_host ;;
    "--uninstall") uninstall_service ;;
    "--help")      usage ;;
    *)             usage >&2; exit 64 ;;
  esac
}

main "$@"
`

/**
 * The script with the default options, about 6 kB.
 *
 * @since 0.1.0
 * @category constants
 */
export const text: string = make()

/**
 * SHA-256 of {@link text}, in lower-case hex. It changes only in a release that changes the script.
 *
 * @since 0.1.0
 * @category constants
 */
export const sha256: string = createHash("sha256").update(text).digest("hex")

/**
 * Creates a script of exactly this size: {@link text} if it fits, otherwise only a head, padded with comments. It is
 * always a valid ASCII shell script.
 *
 * **When to use**: to test with large downloads.
 *
 * **Errors**: `RangeError` if the size is not a whole number or is smaller than the head.
 *
 * @param bytes the size in bytes
 *
 * @example
 * ```ts
 * import * as SetupScript from "@privx-kit/simulator/SetupScript"
 * import { Simulator } from "@privx-kit/simulator/Simulator"
 *
 * const simulator = Simulator.layer({ script: SetupScript.ofSize(5_000_000) })
 * ```
 *
 * @since 0.1.0
 * @category constructors
 */
export const ofSize = (bytes: number): string => {
  const base = bytes >= text.length ? text : "#!/usr/bin/env bash\n# SIMULATED SETUP SCRIPT.\n:\n"
  if (!Number.isInteger(bytes) || bytes < base.length) {
    throw new RangeError(`a setup script has a whole number of bytes, at least ${base.length}`)
  }
  const missing = bytes - base.length
  const line = `# ${"-".repeat(69)}\n`
  const rest = missing % line.length
  return base + line.repeat((missing - rest) / line.length) + (rest === 0 ? "" : `${"#".repeat(rest - 1)}\n`)
}
