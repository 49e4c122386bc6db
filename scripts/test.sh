#!/usr/bin/env bash
# All checks and tests. `test.sh full` repeats what is repeated as often as the promises say.
set -euo pipefail
mode=${1:-normal}
export RASA_TELEMETRY_ENABLED=false TF_CPP_MIN_LOG_LEVEL=3
bash scripts/debian_packages.sh
bash scripts/lint.sh
markers=(-m "not load")
if [ "$mode" = full ]; then
  export SPORTELLO_TEST_FULL=1
  markers=()
fi
exec .venv/bin/python -m pytest "${markers[@]}"
