"""Typed settings, read once from the environment and ``.env`` (names begin with ``SPORTELLO_``)."""

from __future__ import annotations

import ipaddress
import re
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import sqlalchemy as sa
from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from bot import limits
from bot.errors import ConfigurationError

PROJECT_ROOT = Path(__file__).resolve().parent.parent

_SAMPLE_SECRETS = {"changeme", "change-me", "secret", "token", "cambiami"}


_ORIGIN: Final = re.compile(
    r"https?://[A-Za-z0-9.-]+(?::\d{1,5})?|https?://\[[0-9A-Fa-f:]+\](?::\d{1,5})?"
)

_BOT_TOKEN: Final = re.compile(r"\d+:[A-Za-z0-9_-]+")

_PLAIN: Final = {
    "int_parsing": "deve essere un numero intero",
    "float_parsing": "deve essere un numero",
    "bool_parsing": "deve essere true o false",
    "datetime_from_date_parsing": "scrivi data e ora, per esempio 2026-11-24T09:30",
    "datetime_parsing": "scrivi data e ora, per esempio 2026-11-24T09:30",
    "greater_than": "deve essere maggiore di {gt}",
    "greater_than_equal": "deve essere almeno {ge}",
    "less_than_equal": "deve essere al massimo {le}",
}
"""What the library says, in the installer's language."""


class Settings(BaseSettings):
    """Everything an installer can choose. Each field is described in docs/settings.md."""

    model_config = SettingsConfigDict(
        env_prefix="SPORTELLO_", env_file=".env", extra="ignore", frozen=True, env_ignore_empty=True
    )

    host: str = Field("127.0.0.1", description="Address to listen on.")
    port: int = Field(8080, ge=0, le=65535, description="Port to listen on; 0 picks a free one.")
    data_dir: Path = Field(
        PROJECT_ROOT / "var", description="Folder of database, outgoing mail and logs."
    )
    database_url: str = Field(
        "", description="SQLAlchemy URL; empty means SQLite in the data folder.", repr=False
    )
    models_dir: Path = Field(PROJECT_ROOT / "models", description="Folder of trained models.")
    clock: datetime | None = Field(
        None, description="Local date-time believed at start, for demonstrations and tests."
    )
    api_token: SecretStr | None = Field(
        None, description="Bearer token that opens REST, /model/parse and /metrics."
    )
    public_url: str = Field("", description="Address at which citizens reach this installation.")
    smtp_url: SecretStr | None = Field(
        None, description="SMTP server for mails; empty writes them as files in the data folder."
    )
    mail_from: str = Field(
        "urp@sportello.invalid", description="Address of the office in the mails it sends."
    )
    booking_rules: Path = Field(
        PROJECT_ROOT / "knowledge" / "content" / "appointments.yml",
        description="File of the booking rules.",
    )
    log_level: str = Field("info", description="debug, info, warning or error.")
    log_format: str = Field("auto", description="json, text, or auto (text on a terminal).")
    load_tensorflow: bool = Field(
        False,
        description="Load the real TensorFlow, needed only if config.yml names a component that uses it.",
    )
    watch_model: bool = Field(True, description="Take over a newly trained model while serving.")
    message_max_chars: int = Field(
        limits.MESSAGE_MAX_CHARS, ge=100, le=10_000, description="Longest message that is read."
    )
    request_max_bytes: int = Field(
        limits.REQUEST_MAX_BYTES, ge=4_096, le=1_048_576, description="Largest HTTP body."
    )
    action_timeout_s: float = Field(
        limits.ACTION_TIMEOUT_S,
        gt=0,
        le=60,
        description="Seconds after which an action has failed.",
    )
    offer_feeds: str = Field(
        "", description="Addresses of job offers, separated by spaces.", repr=False
    )
    feed_private_hosts: str = Field(
        "", description="Hosts of feeds that may have private addresses, separated by spaces."
    )
    feed_interval_min: float = Field(
        limits.FEED_INTERVAL_MIN,
        ge=1,
        le=10_080,
        description="Minutes between two fetches of a feed.",
    )
    feed_timeout_s: float = Field(
        limits.FEED_TIMEOUT_S, gt=0, le=600, description="Seconds that one fetch may take."
    )
    feed_max_bytes: int = Field(
        limits.FEED_MAX_BYTES, ge=1_024, le=1_000_000_000, description="Largest feed, unpacked."
    )
    feed_min_share: float = Field(
        limits.FEED_MIN_SHARE,
        ge=0,
        le=1,
        description="A feed with no more than this share of the offers it had is not believed.",
    )
    offers_stale_hours: float = Field(
        limits.OFFERS_STALE_HOURS,
        gt=0,
        description="Age from which answers say that offers are old.",
    )
    offer_days: int = Field(
        limits.OFFER_DAYS, ge=1, le=365, description="Life of an offer that names no deadline."
    )
    import_max_bytes: int = Field(
        limits.IMPORT_MAX_BYTES, ge=1_024, description="Largest file that is imported."
    )
    live_conversations: int = Field(
        limits.LIVE_TRACKERS, ge=1, description="Conversations kept in memory."
    )
    staff_session_idle_minutes: int = Field(
        30, ge=1, le=240, description="Minutes without a click after which staff sign in again."
    )
    staff_session_hours: int = Field(
        8, ge=1, le=24, description="Hours after which staff sign in again in any case."
    )
    staff_invitation_hours: int = Field(
        72, ge=1, le=720, description="Hours for which an invitation link works, once."
    )
    staff_password_min_chars: int = Field(
        8, ge=8, le=64, description="Shortest password of the staff."
    )
    staff_admin_password_days: int = Field(
        180, ge=0, le=3_650, description="Days after which administrators change it; 0 is never."
    )
    staff_second_factor_roles: str = Field(
        "", description="Roles that must use a second factor, separated by commas."
    )
    staff_shown_as: str = Field(
        "nome", description="How citizens read who answers: nome (first name) or ufficio."
    )
    office_name: str = Field(
        "URP", min_length=2, max_length=64, description="Name of the office of first contact."
    )
    offices: str = Field(
        "", description="Other offices that conversations are passed to, separated by commas."
    )
    retention_conversations_days: int = Field(
        365, ge=1, le=3_650, description="Days after the last message until a conversation goes."
    )
    retention_appointments_days: int = Field(
        365, ge=1, le=3_650, description="Days after an appointment until its person goes."
    )
    retention_contacts_days: int = Field(
        90, ge=1, le=3_650, description="Days until a message and contact left for the office go."
    )
    retention_notes_days: int = Field(
        365, ge=1, le=3_650, description="Days until private notes of the staff go."
    )
    retention_drafts_days: int = Field(
        30, ge=1, le=3_650, description="Days until what staff typed and never sent goes."
    )
    retention_reports_days: int = Field(
        365, ge=1, le=3_650, description="Days until reports of wrong information go."
    )
    retention_bookings_days: int = Field(
        1_095, ge=1, le=3_650, description="Days until a nameless appointment goes altogether."
    )
    untaken_mail_minutes: int = Field(
        10, ge=0, le=480, description="Minutes after which mails say that nobody takes a request."
    )
    sign_in_free_tries: int = Field(
        5, ge=3, le=50, description="Wrong passwords of one account before it has to wait."
    )
    sign_in_free_tries_address: int = Field(
        30, ge=5, le=1_000, description="Wrong passwords from one address before it has to wait."
    )
    sign_in_block_minutes: int = Field(
        15, ge=1, le=60, description="Longest wait after wrong passwords."
    )

    @field_validator("staff_second_factor_roles", mode="after")
    @classmethod
    def _known_roles(cls, value: str) -> str:
        known = {"operatore", "redattore", "responsabile", "amministratore"}
        roles = [role.strip().lower() for role in value.split(",") if role.strip()]
        if not set(roles) <= known:
            raise ValueError("usa operatore, redattore, responsabile, amministratore")
        return ",".join(roles)

    @field_validator("staff_shown_as", mode="after")
    @classmethod
    def _known_way(cls, value: str) -> str:
        if value.lower() not in {"nome", "ufficio"}:
            raise ValueError("usa nome o ufficio")
        return value.lower()

    @field_validator("offices", mode="after")
    @classmethod
    def _short_offices(cls, value: str) -> str:
        if any(len(name.strip()) > 64 for name in value.split(",")):
            raise ValueError("ogni ufficio ha al massimo 64 caratteri")
        return value

    session_silence_minutes: float = Field(
        60, gt=0, description="Minutes of silence after which a session ends with a short closing."
    )
    staff_silence_minutes: float = Field(
        30,
        gt=0,
        description="Minutes for which a message may wait for the person in charge before it is queued again.",
    )
    staff_idle_hours: float = Field(
        24, gt=0, description="Hours of silence after which a conversation with a person ends."
    )
    danger_alert_s: float = Field(
        60,
        ge=0,
        description="Seconds for which a danger told to a person may stay unread before the numbers go out.",
    )
    trusted_proxies: str = Field(
        "",
        description="Addresses or networks of our proxies, with commas: their X-Forwarded-For counts.",
    )
    web_origins: str = Field(
        "", description="Sites that embed the chat, with commas: https://www.ente.it,…"
    )
    privacy_notice: str = Field(
        "", description="Privacy notice before the first message; | parts its points."
    )
    privacy_url: str = Field("", description="Address of the whole privacy notice.")
    web_session_hours: float = Field(
        limits.WEB_SESSION_HOURS, gt=0, le=720, description="Silence that ends a browser's secret."
    )
    web_messages_per_minute: int = Field(
        limits.WEB_MESSAGES_PER_MINUTE, ge=1, description="Messages of one visitor."
    )
    web_frames_per_minute: int = Field(
        limits.WEB_FRAMES_PER_MINUTE, ge=10, description="Frames of one connection."
    )
    web_conversations_per_hour: int = Field(
        limits.WEB_CONVERSATIONS_PER_HOUR, ge=1, description="New conversations from one address."
    )
    web_wrong_secrets_per_minute: int = Field(
        limits.WEB_WRONG_SECRETS_PER_MINUTE, ge=1, description="Refused secrets from one address."
    )
    web_sockets_per_visitor: int = Field(
        limits.WEB_SOCKETS_PER_VISITOR, ge=1, description="Open connections of one visitor."
    )
    web_sockets_per_address: int = Field(
        limits.WEB_SOCKETS_PER_ADDRESS, ge=1, description="Open connections from one address."
    )
    web_sockets: int = Field(limits.WEB_SOCKETS, ge=1, description="Open connections in all.")

    telegram_token: SecretStr | None = Field(
        None, description="Token of the Telegram bot; without it the channel is off."
    )
    telegram_api_url: str = Field(
        "https://api.telegram.org", description="Server of the Bot API.", repr=False
    )
    telegram_per_second: int = Field(
        limits.TELEGRAM_PER_SECOND, ge=1, le=1_000, description="Messages a second in all."
    )
    telegram_chat_pause_s: float = Field(
        limits.TELEGRAM_CHAT_PAUSE_S,
        ge=0,
        le=60,
        description="Seconds between two messages to a chat.",
    )
    telegram_messages_per_minute: int = Field(
        limits.TELEGRAM_MESSAGES_PER_MINUTE, ge=1, description="Messages of one citizen."
    )
    telegram_connections: int = Field(
        limits.TELEGRAM_CONNECTIONS,
        ge=1,
        le=100,
        description="Updates that Telegram delivers to the webhook at the same time.",
    )
    telegram_button_hours: float = Field(
        limits.TELEGRAM_BUTTON_HOURS, gt=0, description="Hours for which a button is obeyed."
    )

    @field_validator("trusted_proxies", mode="after")
    @classmethod
    def _known_networks(cls, value: str) -> str:
        try:
            for part in _listed(value):
                ipaddress.ip_network(part)
        except ValueError:
            raise ValueError(
                "scrivi indirizzi o reti, per esempio 10.0.0.5,192.168.1.0/24"
            ) from None
        return value

    @field_validator("web_origins", mode="after")
    @classmethod
    def _whole_origins(cls, value: str) -> str:
        for part in _listed(value):
            if not _ORIGIN.fullmatch(part):
                raise ValueError("scrivi solo schema e nome, per esempio https://www.ente.it")
        return value

    @field_validator("privacy_url", mode="after")
    @classmethod
    def _readable_address(cls, value: str) -> str:
        if value and not value.startswith("https://"):
            raise ValueError("deve cominciare con https://")
        return value

    @field_validator("telegram_token", mode="after")
    @classmethod
    def _token_of_a_bot(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and not _BOT_TOKEN.fullmatch(value.get_secret_value()):
            raise ValueError(
                "copia tutto il codice che ti ha dato @BotFather: numeri, due punti, lettere"
            )
        return value

    @field_validator("telegram_api_url", mode="after")
    @classmethod
    def _bot_api(cls, value: str) -> str:
        parts = urlsplit(value)
        if parts.scheme not in ("https", "http") or not parts.hostname:
            raise ValueError("deve cominciare con https://")
        return value.rstrip("/")

    @field_validator("api_token", mode="after")
    @classmethod
    def _token_is_a_secret(cls, value: SecretStr | None) -> SecretStr | None:
        if value is None:
            return None
        text = value.get_secret_value()
        if len(text) < 16 or text.lower() in _SAMPLE_SECRETS:
            raise ValueError("servono almeno 16 caratteri che nessuno possa indovinare")
        return value

    @field_validator("clock", mode="after")
    @classmethod
    def _clock_is_local(cls, value: datetime | None) -> datetime | None:
        if value is not None and value.tzinfo is not None:
            raise ValueError("scrivi data e ora locali senza fuso, per esempio 2026-11-24T09:30")
        return value

    @field_validator("log_level", mode="after")
    @classmethod
    def _known_level(cls, value: str) -> str:
        if value.lower() not in {"debug", "info", "warning", "error"}:
            raise ValueError("usa debug, info, warning o error")
        return value.lower()

    @field_validator("log_format", mode="after")
    @classmethod
    def _known_format(cls, value: str) -> str:
        if value.lower() not in {"auto", "json", "text"}:
            raise ValueError("usa auto, json o text")
        return value.lower()

    @field_validator("public_url", mode="after")
    @classmethod
    def _web_address(cls, value: str) -> str:
        if value and not value.startswith(("https://", "http://")):
            raise ValueError("deve cominciare con https://")
        return value.rstrip("/")

    @field_validator("offer_feeds", mode="after")
    @classmethod
    def _feed_addresses(cls, value: str) -> str:
        for address in value.split():
            parts = urlsplit(address)
            if parts.scheme not in ("https", "http") or not parts.hostname:
                raise ValueError("ogni indirizzo deve cominciare con https://")
            if parts.username or parts.password:
                raise ValueError("un indirizzo non può contenere utente e password")
        return value.strip()

    @field_validator("smtp_url", mode="after")
    @classmethod
    def _mail_server(cls, value: SecretStr | None) -> SecretStr | None:
        if value is None:
            return None
        parts = urlsplit(value.get_secret_value())
        try:
            known = parts.scheme in ("smtp", "smtps") and bool(parts.hostname) and parts.port != 0
        except ValueError:
            known = False
        if not known:
            raise ValueError("scrivi smtp://utente:password@server:587 oppure smtps://…:465")
        return value

    @field_validator("mail_from", mode="after")
    @classmethod
    def _mail_address(cls, value: str) -> str:
        if not re.fullmatch(r"[A-Za-z0-9._+-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+", value):
            raise ValueError("scrivi un indirizzo di posta, per esempio urp@comune.it")
        return value

    @field_validator("database_url", mode="after")
    @classmethod
    def _known_database(cls, value: str) -> str:
        if value and not value.startswith(("sqlite+aiosqlite:///", "postgresql+asyncpg://")):
            raise ValueError("deve cominciare con sqlite+aiosqlite:/// o postgresql+asyncpg://")
        try:
            named = not value or bool(sa.make_url(value).database)
        except (sa.exc.ArgumentError, ValueError):
            raise ValueError("non è un indirizzo di database leggibile") from None
        if not named:
            raise ValueError("non dice quale database")
        return value

    @model_validator(mode="after")
    def _mails_have_a_sender(self) -> Settings:
        if self.smtp_url is not None and self.mail_from.endswith(".invalid"):
            raise ValueError("con SPORTELLO_SMTP_URL serve anche SPORTELLO_MAIL_FROM")
        return self

    @model_validator(mode="after")
    def _no_borrowed_clock_in_public(self) -> Settings:
        if self.clock is not None and self.public_url:
            raise ValueError("SPORTELLO_CLOCK non si usa insieme a SPORTELLO_PUBLIC_URL")
        return self

    @cached_property
    def effective_database_url(self) -> str:
        """The configured URL, or SQLite in the data folder."""
        return self.database_url or f"sqlite+aiosqlite:///{self.data_dir / 'sportello.db'}"

    @cached_property
    def allowed_origins(self) -> frozenset[str]:
        """Origins of the sites that may use the chat, the installation's own public one included."""
        own = urlsplit(self.public_url)
        origins = {part.lower() for part in _listed(self.web_origins)}
        return frozenset(
            origins | ({f"{own.scheme}://{own.netloc}".lower()} if own.netloc else set())
        )

    @cached_property
    def proxy_networks(self) -> tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...]:
        """The networks of trusted proxies."""
        return tuple(ipaddress.ip_network(part) for part in _listed(self.trusted_proxies))

    @property
    def base_url(self) -> str:
        """Where links lead: the public address, or this machine."""
        return self.public_url or f"http://127.0.0.1:{self.port}"

    @property
    def binds_to_loopback(self) -> bool:
        """Whether only programs on this machine can reach the server."""
        if self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False

    @cached_property
    def office_names(self) -> tuple[str, ...]:
        """Offices that conversations can be passed to, the one of first contact first."""
        others = [name.strip() for name in self.offices.split(",") if name.strip()]
        return tuple(dict.fromkeys([self.office_name, *others]))

    def shown_name(self, name: str) -> str:
        """How citizens read who answers."""
        return self.office_name if self.staff_shown_as == "ufficio" else name.split()[0]

    @property
    def sample_offers(self) -> bool:
        """Sample job offers are shown only where there are no real ones, and never to the public."""
        return not self.public_url and not self.offer_feeds

    @property
    def privacy_points(self) -> tuple[str, ...]:
        """Points of the privacy notice; none where our own text is shown."""
        return tuple(part.strip() for part in self.privacy_notice.split("|") if part.strip())

    @property
    def feed_urls(self) -> tuple[str, ...]:
        """Addresses of the feeds of offers."""
        return tuple(dict.fromkeys(self.offer_feeds.split()))

    @property
    def private_hosts(self) -> frozenset[str]:
        """Hosts of feeds whose addresses may be private."""
        return frozenset(host.lower() for host in self.feed_private_hosts.split())


def _listed(value: str) -> list[str]:
    return [part.strip() for part in value.split(",") if part.strip()]


def load_settings() -> Settings:
    """Read the settings.

    Raises:
        ConfigurationError: names each wrong setting, never its value (it may be a secret).
    """
    try:
        return Settings()  # type: ignore[call-arg]
    except UnicodeDecodeError:
        raise ConfigurationError(".env: is not UTF-8 text; save it as UTF-8") from None
    except ValidationError as error:
        lines = []
        for problem in error.errors(include_input=False, include_url=False):
            where = "_".join(str(part) for part in problem["loc"])
            name = f"SPORTELLO_{where.upper()}" if where else "SPORTELLO_…"
            message = _PLAIN.get(problem["type"]) or problem["msg"].removeprefix("Value error, ")
            lines.append(f"{name}: {message.format(**problem.get('ctx', {}))}")
        raise ConfigurationError("\n".join(lines)) from None
