# SPDX-License-Identifier: Apache-2.0
"""The checkpoint of each day and its time stamp: from a real authority, from one that is away, and from one that lies."""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from tests.integration.ledger.conftest import ORIGIN, SIGNER, connect, event
from tests.integration.ledger.test_rotation import KEYS
from tests.stamping import Authority, openssl, reached
from wardkeep.ledger import Ledger, LedgerReader, LedgerUnavailable, ProofRefused, UnknownEntry, verify_ledger
from wardkeep.ledger.authority import ask_authority
from wardkeep.ledger.daily import check_daily, dailies, daily_of, keep_daily
from wardkeep.ledger.timestamp import LARGEST_STAMP, ask_for, check_stamp, read_roots

MONDAY = date(2026, 3, 2)
Copy = Callable[[Path], Path]


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("tsa") / "one")


def test_a_day_is_kept_once_whatever_comes_after(filled: Path, copy_of: Copy) -> None:
    folder = copy_of(filled)
    one, fresh = keep_daily(LedgerReader(folder), MONDAY)
    assert fresh and one.checkpoint.size == LedgerReader(folder).size("2026")
    note = one.note
    with connect(folder) as ledger:
        ledger.append("more", 1, [event(99)])
    again, fresh = keep_daily(LedgerReader(folder), MONDAY)
    assert not fresh and again.note == note
    tuesday, fresh = keep_daily(LedgerReader(folder), MONDAY + timedelta(days=1))
    assert fresh and tuesday.checkpoint.size == one.checkpoint.size + 1
    assert [found.day for found in dailies(folder)] == [tuesday.day, MONDAY]
    assert daily_of(folder).day == tuesday.day and daily_of(folder, MONDAY).note == note
    assert verify_ledger(folder).problems == []


def test_a_day_that_was_not_kept_is_unknown(filled: Path) -> None:
    with pytest.raises(UnknownEntry):
        daily_of(filled)


def test_the_ledger_agrees_with_its_days_until_it_is_set_back_or_rewritten(
    filled: Path, copy_of: Copy, tmp_path: Path
) -> None:
    folder = copy_of(filled)
    with connect(folder) as ledger:
        ledger.append("more", 1, [event(99)])
    one, _ = keep_daily(LedgerReader(folder), MONDAY)
    assert check_daily(one, LedgerReader(folder)) == ""
    assert "asked for" in check_daily(one, LedgerReader(filled))
    Ledger.create(tmp_path / "other", origin=ORIGIN, signer=SIGNER, at=datetime(2026, 1, 1, tzinfo=UTC))
    with connect(tmp_path / "other") as ledger:
        ledger.append("more", 1, [event(n) for n in range(900)])
    assert "no longer begins" in check_daily(one, LedgerReader(tmp_path / "other"))


def test_a_day_outlives_a_hand_over_of_the_key(filled: Path, copy_of: Copy) -> None:
    folder = copy_of(filled)
    one, _ = keep_daily(LedgerReader(folder), MONDAY)
    Ledger.rotate(folder, old=KEYS[0], new=KEYS[1], clock=lambda: datetime(2026, 3, 2, 5, tzinfo=UTC))
    assert check_daily(one, LedgerReader(folder)) == ""


def test_a_stamp_of_a_real_authority_holds_here_and_for_openssl(
    authority: Authority, filled: Path, copy_of: Copy
) -> None:
    folder = copy_of(filled)
    one, _ = keep_daily(LedgerReader(folder), MONDAY)
    content = one.note.encode()
    request, nonce = ask_for(content)
    with reached(authority.answer) as address:
        answer = ask_authority(address, request)
    said = check_stamp(answer, content, read_roots(authority.roots.read_bytes()), nonce=nonce)
    assert abs(said.at - datetime.now(UTC)) < timedelta(minutes=5)
    assert said.authority == "CN=Test TSA"
    one.put_problem("nobody answered")
    one.put_stamp(answer)
    assert one.stamp == answer and one.problem == ""
    verified = openssl(
        "ts", "-verify", "-data", one.folder / "checkpoint", "-in", one.folder / "stamp.tsr", "-CAfile", authority.roots,
        folder=folder,
    )  # fmt: skip
    assert b"OK" in verified


def test_a_stamp_over_other_bytes_of_another_root_or_another_request_is_refused(
    authority: Authority, tmp_path: Path
) -> None:
    request, nonce = ask_for(b"checkpoint")
    answer, roots = authority.answer(request), read_roots(authority.roots.read_bytes())
    check_stamp(answer, b"checkpoint", roots, nonce=nonce)
    other = Authority(tmp_path / "other", "Another")
    for content, trusted, number in (
        (b"checkpoint!", roots, nonce),
        (b"checkpoint", read_roots(other.roots.read_bytes()), nonce),
        (b"checkpoint", roots, nonce + 1),
    ):
        with pytest.raises(ProofRefused, match="does not hold"):
            check_stamp(answer, content, trusted, nonce=number)


def test_no_edit_of_a_stamp_is_taken_for_another_time(authority: Authority) -> None:
    request, nonce = ask_for(b"checkpoint")
    answer, roots = authority.answer(request), read_roots(authority.roots.read_bytes())
    right = check_stamp(answer, b"checkpoint", roots, nonce=nonce)
    for at in range(0, len(answer), 7):
        changed = answer[:at] + bytes([answer[at] ^ 1]) + answer[at + 1 :]
        try:
            assert check_stamp(changed, b"checkpoint", roots, nonce=nonce).at == right.at
        except ProofRefused:
            continue


@pytest.mark.parametrize("answer", [b"", b"no", b"\x30\x00", b"\x30\x03\x02\x01\x02", bytes(5000)])
def test_what_is_no_stamp_is_refused(answer: bytes, authority: Authority) -> None:
    with pytest.raises(ProofRefused):
        check_stamp(answer, b"checkpoint", read_roots(authority.roots.read_bytes()))


def test_an_authority_that_refuses_is_heard(authority: Authority) -> None:
    """The request asks for a hash that it does not take."""
    authority_config = authority.folder / "config"
    kept = authority_config.read_text()
    authority_config.write_text(kept.replace("digests = sha256", "digests = sha512"))
    request, nonce = ask_for(b"checkpoint")
    answer = authority.answer(request)
    authority_config.write_text(kept)
    with pytest.raises(ProofRefused, match="refused"):
        check_stamp(answer, b"checkpoint", read_roots(authority.roots.read_bytes()), nonce=nonce)


@pytest.mark.parametrize("status, answer", [(500, b"x"), (404, b""), (302, b""), (200, bytes(LARGEST_STAMP + 1))])
def test_an_authority_that_answers_otherwise_gives_no_stamp(status: int, answer: bytes) -> None:
    with reached(lambda request: answer, status=status) as address, pytest.raises(LedgerUnavailable):
        ask_authority(address, b"request")


def test_an_authority_that_is_away_gives_no_stamp() -> None:
    with pytest.raises(LedgerUnavailable, match="does not answer"):
        ask_authority("http://127.0.0.1:9/tsr", b"request")


def test_without_the_library_only_stamps_are_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "rfc3161_client", None)
    with pytest.raises(LedgerUnavailable, match="not installed"):
        ask_for(b"checkpoint")


@pytest.mark.parametrize("pem", [b"", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", b"\xff"])
def test_roots_that_are_none_are_refused(pem: bytes) -> None:
    with pytest.raises(ProofRefused):
        read_roots(pem)
