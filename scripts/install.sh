#!/usr/bin/env bash
# Installs one hashed lock without resolving it again: with uv when it can be had, else with pip alone.
set -euo pipefail
lock=$1
venv=.venv
if ! "$venv/bin/uv" --version >/dev/null 2>&1; then
  "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes \
    -r requirements/uv.txt 2>/dev/null || true
fi
if "$venv/bin/uv" pip install --quiet --python "$venv/bin/python" --no-deps --require-hashes -r "$lock" 2>"$venv/uv.log"; then
  exit 0
fi
echo "    uv could not install the lock; trying with pip (slower)"
exec "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r "$lock"
