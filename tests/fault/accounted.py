# SPDX-License-Identifier: Apache-2.0
"""What is stored of what the senders sent: everything acknowledged is there once, in its order, and every loss is told."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

from tests.acceptance.program import Program, stored
from tests.acceptance.test_alerts import alerts
from tests.fault.senders import Datagrams, Sender, Syslog

_ASKED = """
    SELECT try_cast(split_part(position, ':', 1) AS BIGINT) AS number, patient_id, resource, count, time_us
    FROM all_events WHERE split_part(source, '/', 1) = '{name}' ORDER BY number
"""
GAP, BEGAN = "wardkeep:gap", "wardkeep:listening-began"


class Kept:
    """What a home holds of one sender's listener."""

    def __init__(self, home: Path, sender: Sender) -> None:
        rows: list[Any] = stored(home, _ASKED.format(name=sender.name_of))
        #: Numbers of the sender in the order in which the listener numbered them.
        self.numbers = [int(patient[1:]) for _, patient, _, _, _ in rows if patient is not None]
        #: How many messages the gaps say are lost, and how often.
        self.lost = sum(count for _, _, resource, count, _ in rows if resource == GAP)
        self.rows = rows
        places = Counter(number for number, _, _, _, _ in rows)
        assert {count for count in places.values()} <= {1}, f"{sender.name_of}: one place twice"
        assert {count for count in Counter(self.numbers).values()} <= {1}, f"{sender.name_of}: a message twice"


def expect(home: Path, senders: list[Sender], *, listener_died: bool) -> dict[str, int]:
    """Everything as it should be; how many messages are stored of each sender."""
    found = {}
    for sender in senders:
        assert sender.failure is None, sender.failure
        kept = Kept(home, sender)
        # Between two connections there is no order: the end of one may be read after the begin of the next.
        spans = sender.connections if isinstance(sender, Syslog) else [[0, sender.number + 1]]
        for begin, end in spans:
            part = [n for n in kept.numbers if begin <= n < end]
            assert part == sorted(part), f"{sender.name_of}: not in the order in which it was sent"
        missing = sender.acknowledged - set(kept.numbers)
        assert not missing, f"{sender.name_of}: {len(missing)} acknowledged messages are lost, as {sorted(missing)[:5]}"
        if isinstance(sender, Syslog):
            _connections(sender, kept)
        if isinstance(sender, Datagrams):
            _datagrams(sender, kept, listener_died=listener_died)
        else:
            assert not kept.lost, f"{sender.name_of}: {kept.lost} messages are told lost that are not"
        found[sender.name_of] = len(kept.numbers)
    return found


def _connections(sender: Syslog, kept: Kept) -> None:
    """Of each connection its begin is there without a hole; of the last, which ended in order, all of it."""
    there = set(kept.numbers)
    for begin, end in sender.connections:
        count = next((i for i, n in enumerate(range(begin, end)) if n not in there), end - begin)
        holes = [n for n in range(begin + count, end) if n in there]
        assert not holes, f"a connection from {begin} to {end} has a hole before {holes[:3]}"
    begin, end = sender.connections[-1]
    assert set(range(begin, end)) <= there, "the last connection is not whole"


def _datagrams(sender: Datagrams, kept: Kept, *, listener_died: bool) -> None:
    """Each datagram is there, or in a gap's count, or was sent while a beginning says that nothing was heard."""
    missing = set(sender.sent) - set(kept.numbers)
    if not listener_died:
        assert len(missing) == kept.lost, f"{len(missing)} datagrams are missing, the gaps tell of {kept.lost}"
        return
    deaf, last = [], 0
    for _, patient, resource, _, time_us in kept.rows:
        if resource == BEGAN:
            deaf.append((last, time_us))
        elif patient is not None:
            last = sender.sent[int(patient[1:])]
    hidden = [n for n in missing if not any(begin <= sender.sent[n] <= end for begin, end in deaf)]
    assert len(hidden) <= kept.lost, f"{len(hidden)} datagrams are missing, and the gaps tell of {kept.lost}"


def alerts_once(program: Program) -> None:
    """Alerts were made, and none twice, whatever was killed between judging, keeping and noting."""
    found = Counter((detection, account, patient) for detection, account, patient, _ in alerts(program))
    assert set(found.values()) == {1}, found
