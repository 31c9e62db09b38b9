# SPDX-License-Identifier: Apache-2.0
"""The copy of the public files: what an outsider reads from it over HTTP, going on, being cut off, and other histories."""

from __future__ import annotations

import itertools
import random
import threading
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tests.integration.ledger.conftest import NOON, ORIGIN, SIGNER, act, clock, connect, event
from tests.integration.ledger.outsider import Outsider, digest, mth, static
from tests.integration.ledger.serving import served
from tests.stamping import Authority, openssl
from wardkeep.ledger import Ledger, LedgerDamaged, LedgerError, LedgerReader, ProofRefused
from wardkeep.ledger import export as export_module
from wardkeep.ledger.daily import keep_daily
from wardkeep.ledger.export import Exported, export_ledger
from wardkeep.ledger.note import Checkpoint
from wardkeep.ledger.tiles import tile_path
from wardkeep.ledger.timestamp import ask_for

MONDAY = date(2026, 3, 2)
Copy = Callable[[Path], Path]


def export(folder: Path, to: Path, **more: bool) -> list[Exported]:
    return list(export_ledger(LedgerReader(folder), to, **more))


def grow(folder: Path, seq: int, count: int) -> None:
    with connect(folder) as ledger:
        ledger.append("more", seq, [event(10_000 * (seq + 1) + i) for i in range(count)])


def read(copy: Path, log: str = "2026") -> list[bytes]:
    """Every entry, as an outsider has it over HTTP."""
    with static(copy / log) as address:
        return Outsider(address, (copy / log / "vkey").read_text().strip()).read_all()


def files_of(copy: Path) -> dict[str, bytes]:
    return {p.relative_to(copy).as_posix(): p.read_bytes() for p in copy.rglob("*") if p.is_file()}


def test_an_outsider_reads_every_entry_from_the_copy(filled: Path, tmp_path: Path) -> None:
    reader = LedgerReader(filled)
    (done,) = export(filled, tmp_path / "out")
    assert (done.log, done.size, done.before) == ("2026", reader.size("2026"), 0)
    assert read(tmp_path / "out") == reader.bodies("2026", 0, done.size - 1)


def test_a_copy_goes_on_where_it_was_and_is_what_one_made_anew_would_be(
    filled: Path, copy_of: Copy, tmp_path: Path
) -> None:
    folder = copy_of(filled)
    for seq, count in enumerate((1, 3, 250, 256, 1_000, 5)):
        grow(folder, seq, count)
        (done,) = export(folder, tmp_path / "out")
        assert done.size - done.before == (count if seq else done.size)
        assert read(tmp_path / "out") == LedgerReader(folder).bodies("2026", 0, done.size - 1)
    export(folder, tmp_path / "anew")
    old, new = files_of(tmp_path / "out"), files_of(tmp_path / "anew")
    assert {name: old[name] for name in new} == new
    # Of older checkpoints those partial tiles stay whose full tile is not there yet, and no others.
    assert {Path(name).parent for name in set(old) - set(new)} <= {Path(name).parent for name in new}


def test_a_copy_of_what_has_not_grown_writes_nothing(filled: Path, tmp_path: Path) -> None:
    export(filled, tmp_path / "out")
    assert export(filled, tmp_path / "out")[0].files == 0


def test_every_year_is_a_log_of_its_own(tmp_path: Path) -> None:
    folder = tmp_path / "ledger"
    Ledger.create(folder, origin=ORIGIN, signer=SIGNER, at=NOON)
    grow(folder, 0, 300)
    with connect(folder, clock=lambda: datetime(2027, 1, 1, tzinfo=UTC)) as ledger:
        ledger.append("more", 1, [act(1)])
    assert [one.log for one in export(folder, tmp_path / "out")] == ["2026", "2027"]
    assert len(read(tmp_path / "out", "2026")) == 302
    assert len(read(tmp_path / "out", "2027")) == 2


@pytest.mark.parametrize("seed", range(40))
def test_a_copy_that_is_cut_off_anywhere_is_an_older_one_and_the_next_goes_on(
    seed: int, filled: Path, copy_of: Copy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, to = copy_of(filled), tmp_path / "to"
    export(folder, to)
    older = LedgerReader(folder).size("2026")
    grow(folder, 0, 700)
    left = random.Random(seed).randrange(20)

    def cut(kept: Callable[..., None]) -> Callable[..., None]:
        def write(path: Path, content: bytes) -> None:
            nonlocal left
            left -= 1
            if left < 0:
                # What a power failure leaves of a file that was not made durable.
                if kept is export_module.write_file:
                    kept(path, content[: random.Random(seed).randrange(len(content))])
                raise KeyboardInterrupt
            kept(path, content)

        return write

    with monkeypatch.context() as broken, pytest.raises(KeyboardInterrupt):
        broken.setattr(export_module, "write_file", cut(export_module.write_file))
        broken.setattr(export_module, "write_durably", cut(export_module.write_durably))
        export(folder, to)
        raise KeyboardInterrupt  # the cut lay behind the last file
    with static(to / "2026") as address:
        outsider = Outsider(address, (to / "2026/vkey").read_text().strip())
        size, _ = outsider.checkpoint()
        assert size in (older, older + 700)
        if size == older + 700:
            outsider.read_all()
    export(folder, to)
    assert len(read(to)) == older + 700


def test_damage_is_not_handed_on(filled: Path, copy_of: Copy, tmp_path: Path) -> None:
    folder = copy_of(filled)
    for place in (tile_path("entries", 1), tile_path(0, 0), tile_path(1, 0, 2)):
        path = folder / "logs/2026" / place
        kept = path.read_bytes()
        path.write_bytes(kept[:40] + bytes([kept[40] ^ 1]) + kept[41:])
        with pytest.raises(LedgerDamaged):
            export(folder, tmp_path / "out")
        assert not (tmp_path / "out/2026/checkpoint").exists()
        path.write_bytes(kept)
    export(folder, tmp_path / "out")


def test_a_copy_of_another_history_is_refused_and_left_alone(filled: Path, copy_of: Copy, tmp_path: Path) -> None:
    folder, fork, to = copy_of(filled), tmp_path / "fork", tmp_path / "to"
    Ledger.create(fork, origin=ORIGIN, signer=SIGNER, at=NOON)
    grow(fork, 0, 10)
    export(fork, to)
    before = files_of(to)
    with pytest.raises(ProofRefused, match="another history"):
        export(folder, to)
    assert files_of(to) == before


def test_a_ledger_that_was_set_back_is_refused(filled: Path, copy_of: Copy, tmp_path: Path) -> None:
    folder = copy_of(filled)
    grow(folder, 0, 10)
    export(folder, tmp_path / "to")
    with pytest.raises(ProofRefused, match="set back"):
        export(filled, tmp_path / "to")


def test_a_copy_of_another_ledger_is_refused(filled: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    Ledger.create(other, origin=ORIGIN, signer=Ed25519PrivateKey.from_private_bytes(bytes(32)), at=NOON)
    export(other, tmp_path / "to")
    with pytest.raises(ProofRefused, match="no checkpoint of this ledger"):
        export(filled, tmp_path / "to")


def test_a_recheck_mends_a_file_of_the_copy_that_was_changed(filled: Path, tmp_path: Path) -> None:
    to = tmp_path / "to"
    export(filled, to)
    whole, path = files_of(to), to / "2026" / tile_path("entries", 0)
    path.write_bytes(path.read_bytes()[:-1] + b"?")
    assert export(filled, to)[0].files == 0
    assert export(filled, to, recheck=True)[0].files == 1
    assert files_of(to) == whole


def test_an_outsider_checks_every_kept_day_and_its_stamp_from_the_copy(
    filled: Path, copy_of: Copy, tmp_path: Path
) -> None:
    """With what is in the copy, a verifier key and the authority's root: the days are signed, stamped, and begin the log."""
    folder, to = copy_of(filled), tmp_path / "to"
    authority = Authority(tmp_path / "tsa")
    monday, _ = keep_daily(LedgerReader(folder), MONDAY)
    grow(folder, 0, 300)
    keep_daily(LedgerReader(folder), MONDAY + timedelta(days=1))
    assert export(folder, to)[0].days == 2
    monday.put_stamp(authority.answer(ask_for(monday.note.encode())[0]))
    monday.put_problem("an authority that is nobody's business")
    assert export(folder, to)[0].days == 2  # a stamp that came later comes into the copy too
    held = {p.relative_to(to / "daily").as_posix() for p in (to / "daily").rglob("*") if p.is_file()}
    assert held == {"2026-03-02/checkpoint", "2026-03-02/stamp.tsr", "2026-03-03/checkpoint"}
    entries = read(to)
    for day in ("2026-03-02", "2026-03-03"):
        with static(to / "daily" / day) as address:
            size, root = Outsider(address, (to / "2026/vkey").read_text().strip()).checkpoint()
        assert mth([digest(b"\x00" + entry) for entry in entries[:size]]) == root
    verified = openssl(
        "ts", "-verify", "-data", to / "daily/2026-03-02/checkpoint", "-in", to / "daily/2026-03-02/stamp.tsr",
        "-CAfile", authority.roots, folder=folder,
    )  # fmt: skip
    assert b"OK" in verified


def test_a_day_from_before_a_hand_over_is_copied_under_its_own_key(filled: Path, copy_of: Copy, tmp_path: Path) -> None:
    folder = copy_of(filled)
    keep_daily(LedgerReader(folder), MONDAY)
    Ledger.rotate(folder, old=SIGNER, new=Ed25519PrivateKey.from_private_bytes(bytes(32)), clock=clock)
    assert export(folder, tmp_path / "to")[0].days == 1


@pytest.mark.parametrize("lie", ["forged", "another history", "set back", "unreadable"])
def test_a_day_that_does_not_hold_is_not_handed_on_and_keeps_nothing_else_back(
    lie: str, filled: Path, copy_of: Copy, tmp_path: Path
) -> None:
    folder, to = copy_of(filled), tmp_path / "to"
    good, _ = keep_daily(LedgerReader(folder), MONDAY + timedelta(days=1))
    bad, _ = keep_daily(LedgerReader(folder), MONDAY)
    true = bad.checkpoint
    notes = {
        "forged": good.note.replace(f"\n{true.size}\n", f"\n{true.size - 1}\n"),
        "another history": Checkpoint(true.origin, 5, bytes(32)).sign(SIGNER),
        "set back": Checkpoint(true.origin, true.size + 1, true.root).sign(SIGNER),
        "unreadable": "\n",
    }
    (bad.folder / "checkpoint").write_text(notes[lie])
    with pytest.raises(LedgerError):
        export(folder, to)
    assert {p.parent.name for p in (to / "daily").rglob("checkpoint")} == {"2026-03-03"}
    assert len(read(to)) == true.size


def test_a_copy_with_another_checkpoint_of_a_day_is_refused_and_that_one_is_kept(
    filled: Path, copy_of: Copy, tmp_path: Path
) -> None:
    folder, to = copy_of(filled), tmp_path / "to"
    keep_daily(LedgerReader(folder), MONDAY)
    export(folder, to)
    kept = to / "daily/2026-03-02/checkpoint"
    kept.write_text(Checkpoint(f"{ORIGIN}/2026", 5, bytes(32)).sign(SIGNER))
    before = files_of(to)
    with pytest.raises(ProofRefused, match="another checkpoint"):
        export(folder, to)
    assert files_of(to) == before


def test_a_copy_that_is_made_while_the_ledger_grows_is_whole_each_time(
    filled: Path, copy_of: Copy, tmp_path: Path
) -> None:
    folder, to, sizes = copy_of(filled), tmp_path / "out", []
    with served(folder) as writer, writer.client() as client:
        stop = threading.Event()

        def append() -> None:
            for seq in itertools.count():
                if stop.wait(0.01):  # without a pause it grows faster than a busy machine reads it
                    return
                client.append("busy", seq, [event(50_000 + 100 * seq + i) for i in range(1 + seq % 90)])

        thread = threading.Thread(target=append)
        thread.start()
        try:
            for _ in range(25):
                export(folder, to)
                sizes.append(len(read(to)))
        finally:
            stop.set()
            thread.join()
    assert sizes == sorted(sizes) and sizes[-1] > sizes[0]
