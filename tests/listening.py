# SPDX-License-Identifier: Apache-2.0
"""Live intake for tests: a real home, listeners on free ports in a loop of their own, and senders that are not ours."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from tests.conftest import NOON
from wardkeep.home import LEDGER_SIGNER, Home, now
from wardkeep.jobs.listen.places import live_folder, spool_key
from wardkeep.jobs.listen.rawspool import Group, Heard, read, waiting
from wardkeep.jobs.listen.server import Listening, Port
from wardkeep.jobs.storing import Storing
from wardkeep.keys import Keyring
from wardkeep.ledger import Ledger
from wardkeep.settings import parse_settings


def a_home(folder: Path, listeners: dict[str, dict[str, Any]], **intake: Any) -> Home:
    """A home with real keys, ledger and store, and no rows."""
    ports = {name: {"port": 0, **wants} for name, wants in listeners.items()}
    home = Home(folder)
    home.adopt(parse_settings({"intake": {"every": 1, "load_every": 1, "listeners": ports, **intake}}), None)
    if not home.ledger_folder.exists():
        home.adopt_keyring(Keyring.create(home.keys_folder, provider="file", passphrase=None))
        home.ledger_folder.mkdir(parents=True)
        Ledger.create(
            home.ledger_folder, origin="wardkeep.test/x", signer=home.keyring().signer(LEDGER_SIGNER), at=NOON
        )
    else:
        home.adopt_keyring(Keyring.open(home.keys_folder))
    return home


class Live:
    """The listeners of a home in a thread of this process."""

    def __init__(self, home: Home, *, limit: int = 64 << 20, every: float | None = None) -> None:
        self.home = home
        self.loop = asyncio.new_event_loop()
        self._stop = asyncio.Event()
        self.failure: BaseException | None = None
        self.listening = Listening(
            home.settings.intake, folder=live_folder(home), home=home.path, kek=lambda name: spool_key(home, name),
            clock=now, limit=limit,
        )  # fmt: skip
        if every is not None:
            for port in self.ports.values():
                port.gate._every = every
        self._thread = threading.Thread(target=self._run, daemon=True)

    def _run(self) -> None:
        asyncio.set_event_loop(self.loop)
        try:
            self.loop.run_until_complete(self.listening.run(self._stop, tell=lambda ports: None, every=0.05))
        except BaseException as failure:
            self.failure = failure

    @property
    def ports(self) -> dict[str, Port]:
        return self.listening.ports

    def __enter__(self) -> Live:
        self._thread.start()
        wait_for(lambda: all(port.since_us for port in self.ports.values()), "every port listens")
        return self

    def __exit__(self, *_: object) -> None:
        self.loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(30)
        assert not self._thread.is_alive(), "the listeners do not end"
        if self.failure is not None:
            raise self.failure

    def address(self, name: str) -> tuple[str, int]:
        found = self.ports[name].address
        assert found is not None
        return found


def wait_for(happened: Callable[[], bool], what: str, seconds: float = 30.0) -> None:
    """Until it has happened; fails saying what did not."""
    until = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < until, f"{what}: not within {seconds} s"
        time.sleep(0.01)


def spooled(home: Home, name: str) -> list[Heard]:
    """What a listener's whole files hold, but its beginnings."""
    folder = live_folder(home) / name
    return [
        one
        for path in waiting(folder)
        for part in read(path, kek=spool_key(home, name))
        if isinstance(part, Group)
        for one in part.heard
        if not one.problem.startswith("began")
    ]


def store_all(home: Home) -> Storing:
    """Take everything that waits into the store."""
    storing = Storing(home)
    while storing.round():
        pass
    return storing


def asked(home: Home, sql: str) -> list[tuple[Any, ...]]:
    con = home.store().connect()
    try:
        return list(con.execute(sql).fetchall())
    finally:
        con.close()


def audit(n: int, **more: Any) -> bytes:
    """One AuditEvent of FHIR R4 about an invented patient."""
    said = {
        "resourceType": "AuditEvent",
        "type": {"system": "http://dicom.nema.org/resources/ontology/DCM", "code": "110110"},
        "action": "R",
        "recorded": f"2026-03-02T08:{n // 60 % 60:02d}:{n % 60:02d}.{n % 1000:03d}+08:00",
        "outcome": "0",
        "agent": [{"who": {"identifier": {"value": f"nurse{n % 7}"}}, "requestor": True}],
        "source": {"observer": {"display": "emr"}},
        "entity": [{"what": {"reference": f"Patient/P{n}"}}],
    }
    return json.dumps(said | more).encode()


@contextlib.contextmanager
def connection(address: tuple[str, int]) -> Iterator[socket.socket]:
    with socket.create_connection(address, timeout=30) as made:
        yield made
