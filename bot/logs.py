"""Structured logs without personal data.

Rasa's own structlog calls carry message texts and slots: they are dropped at the source. Records of the standard
logging module keep where they come from and the kind of error, not the texts of libraries that may quote a citizen.
"""

from __future__ import annotations

import logging
import sys
import traceback
from typing import Any, Final

import structlog

_OURS: Final = "sportello"
_LEVELS: Final = {"debug": 10, "info": 20, "warning": 30, "error": 40}


def configure_logs(level: str = "info", style: str = "auto") -> None:
    """Set up logging for the process. Call before Rasa is imported.

    Args:
        level: lowest level shown: debug, info, warning, error.
        style: "json", "text", or "auto" (text on a terminal).
    """
    as_text = style == "text" or (style == "auto" and sys.stderr.isatty())
    renderer: Any = (
        structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
        if as_text
        else structlog.processors.JSONRenderer(ensure_ascii=False)
    )
    structlog.reset_defaults()
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(_LEVELS[level]),
        logger_factory=_only_ours,
        cache_logger_on_first_use=False,
    )
    root = logging.getLogger()
    root.handlers = [_Forward()]
    root.setLevel(logging.WARNING)
    logging.getLogger("rasa").setLevel(logging.ERROR)
    # Deprecation notes of libraries help nobody who runs the assistant.
    logging.captureWarnings(True)
    logging.getLogger("py.warnings").setLevel(logging.DEBUG if level == "debug" else logging.ERROR)


class _Silence:
    def __getattr__(self, _name: str) -> Any:
        return lambda *args, **kwargs: None


def _only_ours(*args: Any) -> Any:
    if args and str(args[0]).startswith(_OURS):
        return structlog.PrintLogger(sys.stderr)
    return _Silence()


class _Forward(logging.Handler):
    """Passes records of the standard module on, without their texts where those may quote a citizen."""

    def emit(self, record: logging.LogRecord) -> None:
        fields: dict[str, Any] = {"logger": record.name, "at": f"{record.module}:{record.lineno}"}
        if record.exc_info and record.exc_info[0]:
            fields["error"] = record.exc_info[0].__name__
            frames = traceback.extract_tb(record.exc_info[2])[-3:]
            fields["trace"] = [f"{frame.name}:{frame.lineno}" for frame in frames]
        logger = structlog.get_logger(f"{_OURS}.library")
        logger.log(record.levelno, "library.message", **fields)
