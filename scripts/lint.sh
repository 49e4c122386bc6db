#!/usr/bin/env bash
# Format, lint, types, import rules: the same here and in CI.
set -euo pipefail
bin=.venv/bin
"$bin/ruff" format --check .
"$bin/ruff" check .
"$bin/mypy"
PYTHONPATH=. "$bin/lint-imports" --no-cache
# The virtual environment brings Node.js for machines without it.
PATH="$PWD/$bin:$PATH" node_modules/.bin/tsc --project bot/widget/tsconfig.json
