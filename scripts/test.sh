#!/usr/bin/env bash
# All checks and tests. `test.sh full` repeats what is repeated as often as the promises say.
set -euo pipefail
mode=${1:-normal}
export RASA_TELEMETRY_ENABLED=false TF_CPP_MIN_LOG_LEVEL=3
bash scripts/debian_packages.sh
bash scripts/lint.sh
if [ "$mode" = full ]; then
  export SPORTELLO_TEST_FULL=1
  exec .venv/bin/python -m pytest
fi
# Trained once here, so that the two workers find it; a file's tests stay together because they share a server.
.venv/bin/sportello train
.venv/bin/python -m pytest -m "alone and not load" || failed=1
.venv/bin/python -m pytest -m "not alone and not load" --numprocesses "${SPORTELLO_TEST_WORKERS:-2}" --dist loadfile || failed=1
exit "${failed:-0}"
