#!/usr/bin/env bash
# Format, lint, types, import rules: the same here and in CI.
set -euo pipefail
bin=.venv/bin
"$bin/ruff" format --check .
"$bin/ruff" check .
"$bin/mypy"
PYTHONPATH=. "$bin/lint-imports" --no-cache
