#!/usr/bin/env bash
# Fetches the packages of package-lock.json: what the staff console serves ("run"), and what checks the pages ("dev").
# Node.js comes from the machine, else from the Python package index. Without either the citizens' side works all the same.
set -uo pipefail
what=${1:-run}
venv=.venv
if ! command -v npm >/dev/null 2>&1; then
  bash scripts/install.sh requirements/node.txt || true
  PATH="$PWD/$venv/bin:$PATH"
fi
omit=()
[ "$what" = dev ] || omit=(--omit=dev)
if npm ci --silent "${omit[@]}"; then
  exit 0
fi
echo "!!! The packages of the staff console could not be fetched. The chat works; the console says what is missing."
echo "    Try again with: make node-packages"
[ "$what" != dev ]
