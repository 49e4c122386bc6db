"""Routes that declare what they need: one that does not stops the application from starting."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import Final

from aiohttp import web

from bot.console.permissions import Permission
from bot.storage.staff_sessions import FULL

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True)
class Needs:
    """What a request must bring: a permission of the role, and a session at one of these stages.

    ``counts_as_use`` is false for what a page does by itself: it must not keep a session alive.
    """

    permission: Permission
    stages: frozenset[str] = frozenset({FULL})
    counts_as_use: bool = True


DECLARED: Final[web.AppKey[dict[object, Needs]]] = web.AppKey("declared")


class ConsoleRoutes:
    """Routes of one module, each with what it needs."""

    def __init__(self) -> None:
        self._routes: list[tuple[str, str, Handler, Needs]] = []

    def get(
        self,
        path: str,
        permission: Permission,
        *,
        stages: Iterable[str] = (FULL,),
        counts_as_use: bool = True,
    ) -> Callable[[Handler], Handler]:
        """Declare a page."""
        return self._declare("GET", path, Needs(permission, frozenset(stages), counts_as_use))

    def post(
        self,
        path: str,
        permission: Permission,
        *,
        stages: Iterable[str] = (FULL,),
        counts_as_use: bool = True,
    ) -> Callable[[Handler], Handler]:
        """Declare a change. Its path answers to nothing but POST."""
        return self._declare("POST", path, Needs(permission, frozenset(stages), counts_as_use))

    def declared(self) -> list[tuple[str, str, Handler, Needs]]:
        """Method, path inside the console, handler and needs of every route."""
        return list(self._routes)

    def add_to(self, app: web.Application) -> None:
        """Register the routes."""
        for method, path, handler, needs in self._routes:
            app.router.add_route(method, path, handler)
            if app[DECLARED].setdefault(handler, needs) != needs:
                raise RuntimeError(f"{handler.__name__} is declared with two permissions")

    def _declare(self, method: str, path: str, needs: Needs) -> Callable[[Handler], Handler]:
        def keep(handler: Handler) -> Handler:
            self._routes.append((method, path, handler, needs))
            return handler

        return keep


async def refuse_undeclared(app: web.Application) -> None:
    """Start signal: every route of the console has declared what it needs.

    Raises:
        RuntimeError: names the routes that have not.
    """
    forgotten = [
        f"{route.method} {route.resource.canonical if route.resource else '?'}"
        for route in app.router.routes()
        if route.handler not in app[DECLARED]
    ]
    if forgotten:
        raise RuntimeError(f"routes without a declared permission: {', '.join(forgotten)}")
