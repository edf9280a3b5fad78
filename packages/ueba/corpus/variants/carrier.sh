#!/bin/sh
# Sets up the agent on this host.
set -eu

conf=/etc/ueba/agent.conf

log() {
  printf '%s\n' "$*" >&2
}

mkdir -p /etc/ueba
log "writing $conf"
cat > "$conf" <<'END'
address = ueba.example.com
interval = 60
END
chmod 0600 "$conf"

@@

log "done"
