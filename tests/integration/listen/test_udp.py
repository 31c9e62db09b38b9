# SPDX-License-Identifier: Apache-2.0
"""Datagrams that were lost are counted and kept as a gap that anyone can see."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from tests.listening import Live, a_home, asked, spooled, store_all, wait_for
from wardkeep.jobs.listen import udp


def send(address: tuple[str, int], count: int, size: int = 200) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        for n in range(count):
            sock.sendto(b"<85>1 2026-03-02T08:00:00+08:00 his app - - - %d " % n + b"x" * size, address)


def test_datagrams_arrive_each_as_a_message(tmp_path: Path) -> None:
    home = a_home(tmp_path, {"fw": {"protocol": "syslog-udp"}})
    with Live(home) as live:
        send(live.address("fw"), 500)
        wait_for(lambda: live.ports["fw"].counts.kept == 500, "500 datagrams are durable")
    assert len({one.body for one in spooled(home, "fw")}) == 500


def test_what_the_kernel_drops_is_counted_told_and_stored_as_a_gap(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(udp, "DATAGRAM_BUFFER", 20_000)
    home = a_home(tmp_path, {"fw": {"protocol": "syslog-udp", "system": "firewall"}})
    with Live(home) as live:
        counts = live.ports["fw"].counts
        sent = 0
        while not counts.dropped:
            send(live.address("fw"), 3000, 1000)
            sent += 3000
            wait_for(lambda sent=sent: counts.dropped > 0 or counts.kept >= sent, "they are kept or dropped")
        wait_for(lambda: counts.kept + counts.dropped == sent, "every datagram is kept or counted")
    gaps = [one for one in spooled(home, "fw") if one.kind == "gap"]
    assert sum(gap.size for gap in gaps) == counts.dropped
    store_all(home)
    sql = "SELECT sum(count), min(system), min(outcome), min(kind) FROM all_events WHERE resource = 'wardkeep:gap'"
    assert asked(home, sql) == [(counts.dropped, "firewall", "failure", "other")]
    assert asked(home, "SELECT count(*) FROM events") == [(0,)]


def test_datagrams_that_a_full_spool_cannot_take_are_counted_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(udp, "AGAIN", 0.02)
    monkeypatch.setattr(udp, "DATAGRAM_BUFFER", 20_000)
    home = a_home(tmp_path, {"fw": {"protocol": "syslog-udp"}})
    with Live(home) as live:
        counts, spool = live.ports["fw"].counts, live.ports["fw"].gate.spool
        limit, spool.limit = spool.limit, 0
        send(live.address("fw"), 400)
        wait_for(lambda: counts.dropped == 400, "each is counted as lost")
        assert "limit" in counts.trouble
        spool.limit = limit
        wait_for(lambda: not counts.trouble, "the loss is written down when there is room")
        send(live.address("fw"), 3)
        wait_for(lambda: counts.kept == 3, "it listens on")
    assert sum(one.size for one in spooled(home, "fw") if one.kind == "gap") == 400
