#!/usr/bin/env bash
# Installs the Debian packages that tests need, when run as root; otherwise says what will be skipped.
set -uo pipefail
need=()
ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || command -v initdb >/dev/null 2>&1 || need+=(postgresql)
[ -x /usr/bin/chromium ] || need+=(chromium)
[ ${#need[@]} -eq 0 ] && exit 0
if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null 2>&1; then
  echo "!!! Missing Debian packages: ${need[*]}. Tests that need them are SKIPPED; as root they would be installed."
  exit 0
fi
echo "==> Installing Debian packages for the tests: ${need[*]}"
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq && apt-get install -y -qq --no-install-recommends "${need[@]}" >/dev/null || {
  echo "!!! Could not install ${need[*]}"
  [ "${CI:-}" = true ] && exit 1
  exit 0
}
