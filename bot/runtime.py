"""The parts of a running assistant, wired without a web server: the command line and the application share it."""

from __future__ import annotations

import asyncio
from functools import partial
from pathlib import Path

import structlog

from bot.appointments.calendar import conflicts, load_rules
from bot.appointments.delivery import Delivery
from bot.appointments.history import SYSTEM, Step
from bot.appointments.links import Links
from bot.appointments.mail import MailFiles, MailOut, SmtpMail
from bot.appointments.rules_file import read_rules
from bot.assistant.service import AssistantService, announce, expected_model
from bot.assistant.training import ensure_model
from bot.clock import Clock
from bot.conversations.notifier import Notifier
from bot.conversations.reminders import remind_in_chat
from bot.conversations.switch import CHAT_SWITCHED, read_switch
from bot.conversations.turns import Turns
from bot.conversations.upkeep import Upkeep
from bot.errors import ModelError, StorageUnavailable
from bot.knowledge_service import KnowledgeService
from bot.limits import RECOVERY_INTERVAL_S
from bot.settings import Settings
from bot.storage.app_state import installation_secret
from bot.storage.database import Database
from bot.storage.events import CONVERSATION_ERASED, Event
from bot.storage.migrate import migrate
from knowledge.base import KnowledgeBase

log = structlog.get_logger("sportello.runtime")


class Runtime:
    """Database, knowledge, model and turns of one process."""

    def __init__(self, settings: Settings, database: Database) -> None:
        self.settings = settings
        self.database = database
        self.clock = Clock(settings.clock)
        self.assistants = AssistantService(
            settings.models_dir,
            on_swap=self._forget_live,
            action_timeout_s=settings.action_timeout_s,
        )
        self.knowledge_service = KnowledgeService(settings, database, self.clock)
        self._links: Links | None = None
        self.notifier = Notifier(database)
        self._scrubbing: asyncio.Task[None] | None = None
        self.notifier.handle(self._forget_erased)
        self.notifier.handle(self._follow_switch)
        self.chat_is_off = False
        self._turns: Turns | None = None

    @property
    def turns(self) -> Turns:
        """Inbox and turns; available once `prepare` has run."""
        if self._turns is None:
            raise RuntimeError("the runtime is not prepared")
        return self._turns

    @property
    def links(self) -> Links:
        """Links to appointments; available once `prepare` has run."""
        if self._links is None:
            raise RuntimeError("the runtime is not prepared")
        return self._links

    @property
    def knowledge(self) -> KnowledgeBase:
        """The knowledge in charge; available once it is loaded."""
        knowledge = self.knowledge_service.current
        if knowledge is None:
            raise RuntimeError("the knowledge is not loaded")
        return knowledge

    @property
    def known(self) -> KnowledgeBase | None:
        """The knowledge in charge, None until it is loaded."""
        return self.knowledge_service.current

    async def prepare(self) -> None:
        """Bring the schema up to date and open the inbox; `load` brings what answers."""
        await migrate(self.database)
        secret = await self.database.write(installation_secret)
        await self.notifier.begin()
        await self._load_booking_rules()
        self._links = Links(secret, self.settings.base_url)
        self._turns = Turns(
            self.database,
            self.clock,
            secret,
            self.assistants.get,
            lambda: self.knowledge,
            self.settings.live_conversations,
            self.notifier.changed,
            self._links.url,
            lambda: self.chat_is_off,
        )
        self.chat_is_off = (await self.database.read(read_switch)).is_off

    @property
    def is_ready(self) -> bool:
        """Whether questions are answered now."""
        return self.knowledge_service.current is not None and self.assistants.is_ready

    async def load(self) -> None:
        """Load the knowledge, then the model."""
        await self.load_knowledge()
        await self.load_model()

    async def load_knowledge(self) -> None:
        """Bring the stored content up to date and put the knowledge in charge."""
        await self.knowledge_service.load()

    async def _load_booking_rules(self) -> None:
        """Put the booking rules into the database; what is booked stays, even where they would not allow it now."""
        rules = read_rules(self.settings.booking_rules)
        step = Step.at(self.clock, "start", who=SYSTEM)
        if await self.database.write(load_rules, rules, step):
            booked = await self.database.read(conflicts, step)
            log.info("booking_rules.loaded", appointments_in_conflict=len(booked))

    def mail_way(self) -> MailOut:
        """How mails leave: the configured server, or files in the data folder."""
        if self.settings.smtp_url:
            return SmtpMail(self.settings.smtp_url.get_secret_value())
        return MailFiles(self.settings.data_dir / "mails")

    def delivery(self) -> Delivery:
        """The job that sends confirmations and reminders; available once `prepare` has run."""
        mail, settings = self.mail_way(), self.settings
        chat = partial(remind_in_chat, now=self.clock.utc)
        return Delivery(self.database, self.clock, mail, self.links, settings.mail_from, chat)

    async def load_model(self) -> Path:
        """Put today's model in charge, training it (once more, if its file is damaged) when needed."""
        loop = asyncio.get_running_loop()
        models_dir = self.settings.models_dir
        path = await loop.run_in_executor(None, ensure_model, models_dir)
        try:
            await self.assistants.load(path)
        except ModelError:
            damaged = path.with_suffix(".damaged")
            path.replace(damaged)
            log.warning("model.set_aside", model=damaged.name, remedy="training again")
            path = await loop.run_in_executor(None, ensure_model, models_dir)
            await self.assistants.load(path)
        announce(path)
        return path

    async def keep_up(self) -> None:
        """Do what falls due with time, until cancelled."""
        await self.assistants.wait_until_ready()
        upkeep = Upkeep(
            self.settings,
            self.database,
            self.clock,
            self.notifier,
            lambda: self.knowledge.hours,
        )
        await upkeep.run()

    async def keep_answering(self) -> None:
        """Answer what was left unanswered, at start and whenever a turn was given up, until cancelled."""
        await self.assistants.wait_until_ready()
        while True:
            try:
                waiting = await self.turns.recover()
                if waiting:
                    log.info("turns.recovered", conversations=waiting)
            except StorageUnavailable as error:
                log.warning("storage.unavailable", reason=str(error))
            except Exception as error:
                log.error("recovery.failed", error=type(error).__name__)
            await asyncio.sleep(RECOVERY_INTERVAL_S)

    def _follow_switch(self, event: Event) -> None:
        if event.kind == CHAT_SWITCHED:
            self.chat_is_off = bool(event.payload["off"])

    def _forget_erased(self, event: Event) -> None:
        if event.kind != CONVERSATION_ERASED:
            return
        if self._turns is not None:
            self._turns.forget(event.payload["conversation"])
        self._scrubbing = asyncio.create_task(self._scrub())

    async def _scrub(self) -> None:
        try:
            await self.database.scrub()
        except StorageUnavailable as error:
            log.warning("storage.unavailable", reason=str(error))

    def _forget_live(self) -> None:
        if self._turns is not None:
            self._turns.forget_live()


def todays_model(settings: Settings) -> Path:
    """The model file for today's inputs, whether or not it exists."""
    return expected_model(settings.models_dir)
