"""Wrong settings stop the start with the name of the setting and without its value (T82)."""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path

import pytest

from bot.errors import ConfigurationError
from bot.settings import PROJECT_ROOT, Settings, load_settings

SECRET = "gattoverde-7319"
WRONG = [
    ("PORT", "ottomila"),
    ("PORT", "65536"),
    ("PORT", "-1"),
    ("CLOCK", "domani"),
    ("CLOCK", "2026-11-24T09:30+01:00"),
    ("CLOCK", "2026-11-24T09:30Z"),
    ("API_TOKEN", SECRET),
    ("API_TOKEN", "changeme"),
    ("API_TOKEN", "cambiami"),
    ("PUBLIC_URL", "urp.example.it"),
    ("PUBLIC_URL", f"ftp://urp:{SECRET}@urp.example.it"),
    ("LOG_LEVEL", "verboso"),
    ("LOG_FORMAT", "xml"),
    ("DATABASE_URL", f"mysql://urp:{SECRET}@127.0.0.1/urp"),
    ("DATABASE_URL", f"postgresql://urp:{SECRET}@127.0.0.1/urp"),
    ("DATABASE_URL", f"postgresql+asyncpg://urp:{SECRET}@127.0.0.1:porta/urp"),
    ("DATABASE_URL", "sqlite+aiosqlite:///"),
    ("SMTP_URL", f"http://urp:{SECRET}@127.0.0.1"),
    ("SMTP_URL", f"smtp://urp:{SECRET}@127.0.0.1:porta"),
    ("SMTP_URL", "smtp://:25"),
    ("MAIL_FROM", "urp.sportello"),
    ("MAIL_FROM", "urp@example.it\r\nBcc: tutti@example.it"),
    ("LOAD_TENSORFLOW", "forse"),
    ("WATCH_MODEL", "forse"),
    ("MESSAGE_MAX_CHARS", "99"),
    ("MESSAGE_MAX_CHARS", "20000"),
    ("REQUEST_MAX_BYTES", "4095"),
    ("REQUEST_MAX_BYTES", "64k"),
    ("ACTION_TIMEOUT_S", "-5"),
    ("ACTION_TIMEOUT_S", "nan"),
    ("ACTION_TIMEOUT_S", "61"),
    ("LIVE_CONVERSATIONS", "0"),
    ("TRUSTED_PROXIES", "ovunque"),
    ("WEB_ORIGINS", "*"),
    ("WEB_ORIGINS", f"https://www.ente.it/{SECRET}"),
    ("PRIVACY_URL", f"http://www.ente.it/{SECRET}"),
    ("WEB_SESSION_HOURS", "-1"),
    ("WEB_MESSAGES_PER_MINUTE", "0"),
    ("WEB_FRAMES_PER_MINUTE", "9"),
    ("WEB_CONVERSATIONS_PER_HOUR", "0"),
    ("WEB_WRONG_SECRETS_PER_MINUTE", "0"),
    ("WEB_SOCKETS_PER_VISITOR", "0"),
    ("WEB_SOCKETS_PER_ADDRESS", "0"),
    ("WEB_SOCKETS", "0"),
    ("OFFER_FEEDS", "ftp://offerte.example.it/x"),
    ("OFFER_FEEDS", f"https://urp:{SECRET}@offerte.example.it/x"),
    ("FEED_INTERVAL_MIN", "-7"),
    ("FEED_TIMEOUT_S", "-7"),
    ("FEED_MAX_BYTES", "64 MB"),
    ("FEED_MIN_SHARE", "2"),
    ("OFFERS_STALE_HOURS", "mai"),
    ("OFFER_DAYS", "0"),
    ("IMPORT_MAX_BYTES", "tanti"),
    ("SESSION_SILENCE_MINUTES", "-7"),
    ("STAFF_SILENCE_MINUTES", "mezz'ora"),
    ("STAFF_IDLE_HOURS", "-1"),
    ("DANGER_ALERT_S", "-1"),
    ("TELEGRAM_TOKEN", SECRET),
    ("TELEGRAM_TOKEN", f"123456 :{SECRET}"),
    ("TELEGRAM_API_URL", f"telegram:{SECRET}"),
    ("TELEGRAM_PER_SECOND", "0"),
    ("TELEGRAM_CHAT_PAUSE_S", "-1"),
    ("TELEGRAM_MESSAGES_PER_MINUTE", "nessuno"),
    ("TELEGRAM_CONNECTIONS", "101"),
    ("TELEGRAM_BUTTON_HOURS", "-3"),
    ("STAFF_SESSION_IDLE_MINUTES", "0"),
    ("STAFF_SESSION_HOURS", "48"),
    ("STAFF_INVITATION_HOURS", "presto"),
    ("STAFF_PASSWORD_MIN_CHARS", "7"),
    ("STAFF_ADMIN_PASSWORD_DAYS", "-1"),
    ("STAFF_SECOND_FACTOR_ROLES", "operatore,sindaco"),
    ("STAFF_SHOWN_AS", "cognome"),
    ("OFFICE_NAME", "U"),
    ("OFFICES", "Viabilità," + "x" * 65),
    ("RETENTION_CONVERSATIONS_DAYS", "0"),
    ("RETENTION_APPOINTMENTS_DAYS", "mai"),
    ("RETENTION_CONTACTS_DAYS", "0"),
    ("RETENTION_NOTES_DAYS", "sempre"),
    ("RETENTION_DRAFTS_DAYS", "-1"),
    ("RETENTION_REPORTS_DAYS", "4000"),
    ("RETENTION_BOOKINGS_DAYS", "0"),
    ("UNTAKEN_MAIL_MINUTES", "-1"),
    ("SIGN_IN_FREE_TRIES", "2"),
    ("SIGN_IN_FREE_TRIES_ADDRESS", "molti"),
    ("SIGN_IN_BLOCK_MINUTES", "61"),
]
FREE = {
    "BOOKING_RULES",
    "DATA_DIR",
    "FEED_PRIVATE_HOSTS",
    "HOST",
    "MODELS_DIR",
    "PRIVACY_NOTICE",
}
"""Settings of which any text may be right."""


@pytest.fixture(autouse=True)
def empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder without ``.env``, and no SPORTELLO_ variable."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def refusal() -> str:
    """What the installer reads when the settings are refused."""
    with pytest.raises(ConfigurationError) as caught:
        load_settings()
    return str(caught.value)


@pytest.mark.parametrize(("name", "value"), WRONG)
def test_a_wrong_setting_is_named_and_its_value_is_not_printed(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    """T82."""
    monkeypatch.setenv(f"SPORTELLO_{name}", value)
    lines = refusal().splitlines()
    assert len(lines) == 1
    assert re.match(rf"SPORTELLO_{name}: \S+ \S+", lines[0])
    assert SECRET not in lines[0]
    assert value not in lines[0]


def test_a_wrong_value_of_every_setting_is_tried() -> None:
    """T82: a new setting needs its wrong values here."""
    tried = {name for name, _ in WRONG} | FREE
    assert {name.upper() for name in Settings.model_fields} - tried == set()


@pytest.mark.parametrize("name", ["PORT", "LOG_LEVEL", "DATABASE_URL"])
def test_a_wrong_setting_in_the_env_file_is_named(empty_folder: Path, name: str) -> None:
    """T82."""
    (empty_folder / ".env").write_text(f"SPORTELLO_{name}={SECRET}\n", encoding="utf-8")
    message = refusal()
    assert message.startswith(f"SPORTELLO_{name}: ")
    assert SECRET not in message


def test_an_env_file_that_is_not_text_is_a_configuration_error(empty_folder: Path) -> None:
    """T82."""
    (empty_folder / ".env").write_bytes(b"SPORTELLO_LOG_LEVEL=debug # perch\xe9\n")
    assert ".env" in refusal()


def test_every_wrong_setting_is_named_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """T82."""
    for name in ("PORT", "LOG_LEVEL", "API_TOKEN"):
        monkeypatch.setenv(f"SPORTELLO_{name}", SECRET)
    message = refusal()
    named = [line.partition(":")[0] for line in message.splitlines()]
    assert sorted(named) == ["SPORTELLO_API_TOKEN", "SPORTELLO_LOG_LEVEL", "SPORTELLO_PORT"]
    assert SECRET not in message


def test_a_chosen_clock_is_refused_in_public(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPORTELLO_CLOCK", "2026-11-24T09:30")
    assert load_settings().clock == datetime(2026, 11, 24, 9, 30)
    monkeypatch.setenv("SPORTELLO_PUBLIC_URL", "https://urp.example.it")
    message = refusal()
    assert "SPORTELLO_CLOCK" in message
    assert "SPORTELLO_PUBLIC_URL" in message
    monkeypatch.delenv("SPORTELLO_CLOCK")
    assert load_settings().public_url == "https://urp.example.it"


def test_without_settings_everything_stays_on_this_machine() -> None:
    """A15: Rasa's defaults (all interfaces, 300 s for an action) are not ours."""
    settings = load_settings()
    assert (settings.host, settings.port, settings.binds_to_loopback) == ("127.0.0.1", 8080, True)
    assert settings.action_timeout_s <= 5
    assert settings.api_token is None
    assert settings.public_url == ""
    assert settings.effective_database_url == f"sqlite+aiosqlite:///{PROJECT_ROOT}/var/sportello.db"


def test_empty_variables_count_as_unset(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Settings.model_fields:
        monkeypatch.setenv(f"SPORTELLO_{name.upper()}", "")
    assert load_settings() == Settings()  # type: ignore[call-arg]
    assert load_settings().port == 8080


@pytest.mark.parametrize(
    ("name", "value", "meant"),
    [
        ("LOG_LEVEL", "WARNING", "warning"),
        ("LOG_FORMAT", "JSON", "json"),
        ("PUBLIC_URL", "https://urp.example.it/", "https://urp.example.it"),
        ("PORT", "0", 0),
        ("WATCH_MODEL", "false", False),
    ],
)
def test_right_settings_are_taken(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, meant: object
) -> None:
    monkeypatch.setenv(f"SPORTELLO_{name}", value)
    assert getattr(load_settings(), name.lower()) == meant


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        ("127.0.0.1", True),
        ("127.8.8.8", True),
        ("::1", True),
        ("localhost", True),
        ("0.0.0.0", False),
        ("::", False),
        ("192.168.1.4", False),
        ("urp.example.it", False),
        ("127.0.0.1.example.it", False),
        ("", False),
    ],
)
def test_only_true_loopback_addresses_count_as_loopback(host: str, loopback: bool) -> None:
    assert Settings(_env_file=None, host=host).binds_to_loopback is loopback  # type: ignore[call-arg]


def test_the_token_is_not_shown_when_settings_are_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    """T70."""
    monkeypatch.setenv("SPORTELLO_API_TOKEN", SECRET * 2)
    settings = load_settings()
    assert settings.api_token is not None
    assert settings.api_token.get_secret_value() == SECRET * 2
    assert SECRET not in f"{settings!r} {settings} {settings.model_dump_json()}"


def test_the_database_password_is_not_shown_when_settings_are_printed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """T70."""
    url = f"postgresql+asyncpg://urp:{SECRET}@127.0.0.1/urp"
    monkeypatch.setenv("SPORTELLO_DATABASE_URL", url)
    assert load_settings().effective_database_url == url
    assert SECRET not in repr(load_settings())


def test_settings_cannot_change_after_start() -> None:
    with pytest.raises(ValueError, match="frozen"):
        load_settings().port = 9


def test_sample_offers_are_never_public() -> None:
    assert Settings(_env_file=None).sample_offers  # type: ignore[call-arg]
    public = Settings(_env_file=None, public_url="https://urp.example.it")  # type: ignore[call-arg]
    assert not public.sample_offers
