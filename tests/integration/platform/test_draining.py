# SPDX-License-Identifier: Apache-2.0
"""Acts reach the ledger each once and densely numbered, whoever drains, however many do, and wherever they are killed."""

from __future__ import annotations

import collections
import json
import random
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import NOON
from tests.fakes import FakeLedger
from tests.integration.ledger.conftest import ORIGIN, SIGNER, connect
from tests.integration.ledger.serving import ROOT, served
from wardkeep.home import Home
from wardkeep.ledger import Ledger, LedgerReader, is_act, verify_ledger

WRITERS = 3


@pytest.fixture
def ledger_folder(tmp_path: Path) -> Path:
    Ledger.create(tmp_path / "ledger", origin=ORIGIN, signer=SIGNER, at=NOON)
    return tmp_path / "ledger"


class Office:
    """People who keep making accounts in threads of this process, as web requests and commands do."""

    def __init__(self) -> None:
        self.made: collections.Counter[str] = collections.Counter()
        self.faults: list[BaseException] = []
        self.stop = threading.Event()
        self.threads = [threading.Thread(target=self._work, args=(f"t{n}",)) for n in range(WRITERS)]

    def _work(self, name: str) -> None:
        from django.db import connection

        from wardkeep.govern.identity.actions import create_user, set_active

        try:
            number = 0
            while not self.stop.is_set():
                user = create_user(f"{name}-{number}", role="auditor", by="cli", at=NOON)
                self.made["account:user:created"] += 1
                set_active(user, False, by="cli", at=NOON)
                self.made["account:user:disabled"] += 1
                number += 1
                time.sleep(0.001)
        except BaseException as error:
            self.faults.append(error)
        finally:
            connection.close()

    def __enter__(self) -> Office:
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop.set()
        for thread in self.threads:
            thread.join()


class Drainer:
    """A drainer's process."""

    def __init__(self, home: Home, ledger_folder: Path, *words: str) -> None:
        from django.db import connection

        url = "sqlite"
        if connection.vendor == "postgresql":
            said = connection.settings_dict
            url = f"postgresql://{said['USER']}:{said['PASSWORD']}@{said['HOST']}:{said['PORT']}/{said['NAME']}"
        self.process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "tests.integration.platform.drainer",
                str(home.path),
                url,
                str(ledger_folder),
                *words,
            ],
            cwd=ROOT,
            stdout=subprocess.PIPE,
        )
        assert self.process.stdout is not None
        assert self.process.stdout.readline() == b"ready\n"

    def end(self, *, kill: bool = False) -> None:
        self.process.kill() if kill else self.process.terminate()
        self.process.wait(timeout=60)
        self.process.stdout.close()  # type: ignore[union-attr]


def expect_each_act_once(ledger_folder: Path, made: collections.Counter[str]) -> None:
    """Drain what is left, then compare database, index and ledger."""
    from wardkeep.seal.models import Outbox, Placed
    from wardkeep.seal.outbox import drain, incarnation
    from wardkeep.seal.verify import verify_rows

    with connect(ledger_folder) as ledger:
        drain(ledger)
    reader = LedgerReader(ledger_folder)
    bodies = reader.bodies("2026", 0, reader.size("2026") - 1)
    acts: list[dict[str, Any]] = [json.loads(body) for body in bodies if is_act(body)]
    ours = [act for act in acts if "inc" in act]
    assert [act["seq"] for act in ours] == list(range(1, len(ours) + 1))
    assert {act["inc"] for act in ours} == {str(incarnation())}
    assert len({act["id"] for act in ours}) == len(ours)
    assert collections.Counter(act["act"] for act in ours) == made + collections.Counter(["database:incarnation:begun"])
    assert Outbox.objects.count() == 0
    assert list(Placed.objects.order_by("seq").values_list("seq", flat=True)) == [act["seq"] for act in ours]
    assert verify_rows(reader, last=reader.last_number(str(incarnation()))).problems == ()
    assert verify_ledger(ledger_folder).problems == []


def test_three_drainers_at_once_number_densely_and_send_nothing_twice(
    both_rows: str, django_home: Home, ledger_folder: Path
) -> None:
    with served(ledger_folder) as server:
        drainers = [Drainer(django_home, ledger_folder, *words) for words in ((), (), ("slow",))]
        with Office() as office:
            until = time.monotonic() + 60
            while office.made.total() < 60 and not office.faults and time.monotonic() < until:
                time.sleep(0.05)
        for drainer in drainers:
            drainer.end()
        server.stop()
    assert office.faults == []
    assert office.made.total() >= 60
    expect_each_act_once(ledger_folder, office.made)


def kill_drainers(home: Home, ledger_folder: Path, kills: int, seed: int) -> None:
    dice = random.Random(seed)
    with served(ledger_folder) as server:
        with Office() as office:
            drainers = [Drainer(home, ledger_folder, "slow") for _ in range(2)]
            for _ in range(kills):
                time.sleep(dice.uniform(0.02, 0.2))
                at = dice.randrange(2)
                drainers[at].end(kill=True)
                drainers[at] = Drainer(home, ledger_folder, "slow")
        for drainer in drainers:
            drainer.end(kill=True)
        server.stop()
    assert office.faults == []
    expect_each_act_once(ledger_folder, office.made)


def test_drainers_that_are_killed_lose_nothing_and_send_nothing_twice(
    both_rows: str, django_home: Home, ledger_folder: Path
) -> None:
    kill_drainers(django_home, ledger_folder, 2, seed=1)


@pytest.mark.soak
def test_drainers_that_are_killed_eighty_times_lose_nothing(
    both_rows: str, django_home: Home, ledger_folder: Path
) -> None:
    kill_drainers(django_home, ledger_folder, 80, seed=2)


def test_a_crash_between_append_and_deletion_repeats_the_append_and_changes_nothing(
    both_rows: str, ledger_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tests.rows import a_user
    from wardkeep.seal.models import Outbox, Placed
    from wardkeep.seal.outbox import drain

    class Crash(BaseException):
        pass

    def crash(*_: object, **__: object) -> None:
        raise Crash

    a_user("li")
    monkeypatch.setattr(type(Placed.objects.all()), "bulk_create", crash)
    with connect(ledger_folder) as ledger, pytest.raises(Crash):
        drain(ledger)
    monkeypatch.undo()
    assert Outbox.objects.filter(seq=None).count() == 0  # numbers once given stay
    assert Placed.objects.count() == 0
    a_user("zhao")
    expect_each_act_once(ledger_folder, collections.Counter({"account:user:created": 2}))


def test_rows_are_verified_truly_while_others_write_and_drain(
    both_rows: str, django_home: Home, ledger: FakeLedger
) -> None:
    """Rows, outbox and index are read as of one moment: what is committed in between is no problem."""
    from wardkeep.seal.outbox import drain, incarnation
    from wardkeep.seal.verify import verify_rows

    ended = threading.Event()

    def carry() -> None:
        from django.db import connection

        while not ended.is_set():
            drain(ledger)  # type: ignore[arg-type]
        connection.close()

    carrier = threading.Thread(target=carry)
    found: list[Any] = []
    verified_at: list[int] = []
    acts = 0
    with Office() as office:
        carrier.start()
        until = time.monotonic() + 60
        while (acts < 60 or len(verified_at) < 20) and time.monotonic() < until:
            known = ledger.last(str(incarnation()))
            verified = verify_rows(ledger, last=known[0] if known else None)
            found += verified.problems
            acts = verified.acts
            verified_at.append(acts)
    ended.set()
    carrier.join()
    assert office.faults == []
    assert found == []
    assert acts >= 60
    assert len(set(verified_at)) > 5  # it did grow in between
