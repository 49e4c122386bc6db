"""What every command does first: read the settings, choose the log level, keep the libraries quiet."""

from __future__ import annotations

import os

from rich.console import Console

from bot.logs import configure_logs
from bot.settings import Settings, load_settings

console = Console()
errors = Console(stderr=True)


def prepared_settings(*, quiet: bool = True) -> Settings:
    """Read the settings and prepare the process; ``quiet`` commands log warnings only."""
    settings = load_settings()
    os.environ.setdefault("RASA_TELEMETRY_ENABLED", "false")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    # The products here are tiny: a second BLAS thread only spins and takes the other core away.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    level = "warning" if quiet and settings.log_level == "info" else settings.log_level
    configure_logs(level, settings.log_format)
    if not settings.load_tensorflow:
        from bot.assistant.tensorflow_stand_in import install

        install()
    return settings
