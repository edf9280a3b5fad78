set -eu
install_package() {
  name="$1"
  if ! dpkg -s "$name" >/dev/null 2>&1; then
    apt-get install -y "$name" || { echo "cannot install $name" >&2; exit 1; }
  fi
}
for f in /etc/ueba/*.conf; do
  [ -e "$f" ] || continue
  value=$(sed -n 's/^address *= *//p' "$f" | head -n 1)
  case "$value" in
    "") echo "no address in $f" ;;
    *:*) printf '%s\n' "${value%:*}" ;;
    *) echo "$value" > /etc/ueba/address ;;
  esac
done
install_package curl
