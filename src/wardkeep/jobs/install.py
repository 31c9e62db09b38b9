# SPDX-License-Identifier: Apache-2.0
"""Making a home: folder, keys, settings, database, ledger, and the link of the first administrator."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from wardkeep.home import Home, handed_passphrase
from wardkeep.listeners import LOOPBACK
from wardkeep.settings import ANY_ADDRESS, Settings, render

FIRST_ADMINISTRATOR = "admin"


class HomeExists(Exception):
    """There is something in the folder already; a home is never made over another."""

    exit_status = 2

    def __init__(self, path: Path) -> None:
        super().__init__(f"{path} is not empty")
        self.hint = "name another folder with --home, or move this one away yourself"


class DatabaseTaken(Exception):
    """The database that database.url names already holds another home's rows."""

    exit_status = 2
    hint = "name an empty database"


@dataclass(frozen=True, kw_only=True, slots=True)
class Installed:
    """What init has to hand over once, and nobody can show again."""

    recovery_shares: tuple[str, ...]
    administrator: str
    link: str
    link_expires_at: datetime
    vkey: str


def install(
    home: Home, settings: Settings, *, at: datetime, origin: str | None = None, beside: frozenset[str] = frozenset()
) -> Installed:
    """Make a home in an absent or empty folder. Raises HomeExists, DatabaseTaken, KeysError.

    origin: the name of the ledger, out of its key where None. beside: names that may stand in the folder already (the demo's
    own). `config.toml` comes last: a folder without it
    is no home, so that one broken off can be told from one finished.
    """
    if home.path.exists() and any(path.name not in beside for path in home.path.iterdir()):
        raise HomeExists(home.path)
    passphrase = handed_passphrase() if settings.keys.provider == "passphrase" else None
    os.umask(0o077)
    home.path.mkdir(parents=True, exist_ok=True)
    home.path.chmod(0o700)
    home.data_folder.mkdir()
    home.adopt(settings, passphrase)
    from wardkeep.keys import Keyring  # noqa: PLC0415 - `--help` needs no cryptography

    keyring = Keyring.create(home.keys_folder, provider=settings.keys.provider, passphrase=passphrase)
    shares = tuple(keyring.recovery_shares())
    home.adopt_keyring(keyring)
    vkey = _make_ledger(home, at, origin)
    token, expires = _make_rows(home, at)
    draft = home.config.with_suffix(".new")
    draft.write_text(render(settings), encoding="utf-8")
    draft.replace(home.config)
    return Installed(
        recovery_shares=shares,
        administrator=FIRST_ADMINISTRATOR,
        link=console_url(settings) + token,
        link_expires_at=expires,
        vkey=vkey,
    )


def console_url(settings: Settings, port: int | None = None) -> str:
    """The address of the console as people type it, without a slash at its end."""
    console = settings.console
    host = console.hosts[0] if console.hosts else console.bind
    if host in ANY_ADDRESS:
        host = LOOPBACK[0]
    if ":" in host and not host.startswith("["):
        host = f"[{host}]"
    number = console.port if port is None else port
    scheme = "https" if console.tls else "http"
    return f"{scheme}://{host}" if console.tls else f"{scheme}://{host}:{number}"


def _make_ledger(home: Home, at: datetime, origin: str | None) -> str:
    from wardkeep.ledger import Ledger, LedgerReader  # noqa: PLC0415
    from wardkeep.ledger.origin import own_origin  # noqa: PLC0415

    home.ledger_folder.mkdir(parents=True, exist_ok=True)
    signer = home.signer()
    name = origin or own_origin(home.settings.hospital.tenant, signer.public_key().public_bytes_raw())
    Ledger.create(home.ledger_folder, origin=name, signer=signer, at=at)
    reader = LedgerReader(home.ledger_folder)
    return reader.vkey(reader.current)


def _make_rows(home: Home, at: datetime) -> tuple[str, datetime]:
    import wardkeep  # noqa: PLC0415

    wardkeep.setup(home)
    from django.core.management import call_command  # noqa: PLC0415
    from django.db import connection  # noqa: PLC0415

    if connection.introspection.table_names():
        raise DatabaseTaken()
    call_command("migrate", verbosity=0, interactive=False)
    from wardkeep.govern.identity.actions import LINK_LIFETIME, LINK_PATH, create_user, make_link  # noqa: PLC0415
    from wardkeep.govern.identity.role import Role  # noqa: PLC0415
    from wardkeep.seal.outbox import begin_incarnation, drain  # noqa: PLC0415

    begin_incarnation(at)
    language = home.settings.hospital.language
    admin = create_user(FIRST_ADMINISTRATOR, role=Role.SYSTEM_ADMINISTRATOR, by="system", at=at, language=language)
    token = make_link(admin, by="system", at=at)
    with home.connect_ledger() as ledger:
        drain(ledger)
    connection.close()
    return LINK_PATH.format(token=token), at + LINK_LIFETIME
