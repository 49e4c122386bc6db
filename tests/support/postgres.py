"""A PostgreSQL server of the test session, in a temporary folder, run by an unprivileged user (initdb refuses root)."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def binaries() -> Path | None:
    """Folder of initdb and pg_ctl, if PostgreSQL is installed."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if found:
        return found[-1].parent
    on_path = shutil.which("initdb")
    return Path(on_path).resolve().parent if on_path else None


@contextmanager
def running_server() -> Iterator[str]:
    """Start a server; yields a URL without database name, "postgresql+asyncpg://…:port/"."""
    folder = binaries()
    if folder is None:
        raise FileNotFoundError("PostgreSQL is not installed (Debian: apt-get install postgresql)")
    data = Path(tempfile.mkdtemp(prefix="sportello-pg-"))
    user = _unprivileged_user()
    demote = {"user": user} if os.geteuid() == 0 else {}
    if demote:
        shutil.chown(data, user)
    port = _free_port()
    _run(
        [folder / "initdb", "-D", data / "db", "-U", "sportello", "-A", "trust", "-E", "UTF8"],
        demote,
    )
    options = (
        f"-p {port} -k {data} -c listen_addresses=127.0.0.1 -c fsync=off -c max_connections=100"
    )
    _run(
        [folder / "pg_ctl", "-D", data / "db", "-w", "-l", data / "log", "-o", options, "start"],
        demote,
    )
    try:
        yield f"postgresql+asyncpg://sportello@127.0.0.1:{port}/"
    finally:
        _run([folder / "pg_ctl", "-D", data / "db", "-m", "immediate", "stop"], demote)
        shutil.rmtree(data, ignore_errors=True)


def _run(command: list[Path | str], demote: dict[str, str]) -> None:
    subprocess.run(
        [str(part) for part in command],
        check=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd="/",
        **demote,
    )


def _unprivileged_user() -> str:
    if os.geteuid() != 0:
        return pwd.getpwuid(os.geteuid()).pw_name
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name).pw_name
        except KeyError:
            continue
    raise RuntimeError("no unprivileged user to run PostgreSQL as")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
