"""The assistant in charge: loaded off the event loop, replaced without dropping a message."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import structlog

from bot.assistant.training import model_path
from bot.errors import ModelError, NotReady
from bot.limits import ACTION_TIMEOUT_S, MODEL_WATCH_INTERVAL_S, READY_WAIT_S

if TYPE_CHECKING:
    from bot.assistant.assistant import Assistant
    from bot.assistant.processor import InProcessActions

log = structlog.get_logger("sportello.model")


class AssistantService:
    """Holds the assistant; turns ask for it each time, so a swap takes effect between two turns.

    Args:
        on_swap: called after a new model has taken over (live dialogues are rebuilt on it).
    """

    def __init__(
        self,
        models_dir: Path,
        *,
        on_swap: Callable[[], None] = lambda: None,
        action_timeout_s: float = ACTION_TIMEOUT_S,
    ) -> None:
        self._models_dir = models_dir
        self._on_swap = on_swap
        self._action_timeout_s = action_timeout_s
        self._actions: InProcessActions | None = None
        self._current: Assistant | None = None
        self._ready = asyncio.Event()
        self._seen: tuple[str, int] | None = None
        self.problem = "il modello è in caricamento"

    @property
    def is_ready(self) -> bool:
        """Whether a model is loaded."""
        return self._current is not None

    @property
    def current(self) -> Assistant | None:
        """The assistant in charge, if any."""
        return self._current

    async def get(self) -> Assistant:
        """The assistant in charge; waits for the first one.

        Raises:
            NotReady: no model was loaded in time.
        """
        if self._current is None:
            try:
                await asyncio.wait_for(self._ready.wait(), READY_WAIT_S)
            except asyncio.TimeoutError:
                raise NotReady(self.problem) from None
        if self._current is None:
            raise NotReady(self.problem)
        return self._current

    async def wait_until_ready(self) -> None:
        """Wait, without a bound, for the first model."""
        await self._ready.wait()

    def use(self, assistant: Assistant) -> None:
        """Put an assistant in charge."""
        previous, self._current = self._current, assistant
        self._ready.set()
        self.problem = ""
        if previous is not None:
            self._on_swap()
        log.info("model.in_charge", model=assistant.model_name, replaced=previous is not None)

    async def load(self, path: Path) -> None:
        """Load a model file and put it in charge. On ModelError the previous one stays."""
        try:
            self._seen = _mark(path)
            self.use(await asyncio.get_running_loop().run_in_executor(None, self._read, path))
        except ModelError as error:
            if self._current is None:
                self.problem = str(error)
            log.error("model.refused", model=path.name, reason=str(error), kept=self.is_ready)
            raise

    def _read(self, path: Path) -> Assistant:
        # Rasa is imported here, off the event loop: it takes seconds, and the process listens meanwhile.
        from bot.assistant.assistant import Assistant
        from bot.assistant.processor import InProcessActions

        if self._actions is None:
            self._actions = InProcessActions(timeout_s=self._action_timeout_s)
        return Assistant(path, self._actions)

    async def watch(self) -> None:
        """Take over each model that `sportello train` leaves in the folder, until cancelled."""
        while True:
            await asyncio.sleep(MODEL_WATCH_INTERVAL_S)
            newest = await asyncio.get_running_loop().run_in_executor(None, self._newest)
            if newest is None or _mark(newest) == self._seen:
                continue
            try:
                await self.load(newest)
            except ModelError:
                continue

    def _newest(self) -> Path | None:
        """The file that is announced in ``models/current``, written by `sportello train`."""
        try:
            name = (self._models_dir / "current").read_text().strip()
        except OSError:
            return None
        path = self._models_dir / Path(name).name
        return path if path.exists() else None


def announce(path: Path) -> None:
    """Tell serving processes that a model is finished."""
    pointer = path.parent / "current"
    unfinished = pointer.with_suffix(".tmp")
    unfinished.write_text(path.name)
    unfinished.replace(pointer)


def expected_model(models_dir: Path) -> Path:
    """The model file for today's inputs."""
    return model_path(models_dir)


def _mark(path: Path) -> tuple[str, int]:
    return path.name, path.stat().st_mtime_ns if path.exists() else 0
