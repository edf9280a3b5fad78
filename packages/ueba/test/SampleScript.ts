import { anchor } from "./SampleCertificates.ts"

/** A setup script as a vendor may write it. The tests cut, damage and disguise it. */
export const sampleScript = `#!/bin/sh
# Sets up the UEBA service on this host.
set -eu

ADDRESS="privx.example.com"
TRUST_ANCHORS=$(cat <<'EOF'
${anchor}EOF
)

log() {
  printf '%s %s\\n' "$(date +%H:%M:%S)" "$*" >&2
}

install_package() {
  case "$(. /etc/os-release && echo "\${ID:-unknown}")" in
    debian | ubuntu)
      apt-get install -y docker.io
      ;;
    rhel | rocky | almalinux)
      dnf install -y podman
      ;;
    *)
      log "unsupported system – please see the manual"
      exit 1
      ;;
  esac
}

if [ "$(id -u)" -ne 0 ]; then
  log "run this as root"
  exit 1
fi

for attempt in 1 2 3; do
  if install_package; then
    break
  elif [ "$attempt" -eq 3 ]; then
    log "giving up after \${attempt} attempts"
    exit 1
  fi
done

umask 077
mkdir -p /etc/privx-ueba
printf '%s\\n' "$TRUST_ANCHORS" > /etc/privx-ueba/trust.pem
log "connected to $ADDRESS"
`

export const sampleBytes = new TextEncoder().encode(sampleScript)
