"""Typed keys of everything that hangs on the aiohttp application."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiohttp import web

from bot.metrics import Metrics
from bot.settings import Settings
from bot.storage.database import Database

if TYPE_CHECKING:
    from bot.runtime import Runtime

SETTINGS = web.AppKey("settings", Settings)
METRICS = web.AppKey("metrics", Metrics)
DATABASE = web.AppKey("database", Database)
RUNTIME: web.AppKey[Runtime] = web.AppKey("runtime")
