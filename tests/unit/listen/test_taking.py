# SPDX-License-Identifier: Apache-2.0
"""Messages of a mapped log that come by syslog: what stands behind the header is read, whatever the header is like."""

from __future__ import annotations

import pytest

from wardkeep.jobs.listen.rawspool import Group, Heard
from wardkeep.jobs.listen.taking import Taker
from wardkeep.listeners import Listener
from wardkeep.watch.intake.mapping import parse_mapping

MAPPING = parse_mapping(
    """name = "vpn-lines"
system = "VPN"
encoding = "utf-8"
separator = ","
header = false
time_format = "iso"
[columns]
time = 1
account = 2
ip = 3
[constants]
action = "login"
""",
    "vpn-lines",
)
LINE = "2026-03-02T08:15:00+08:00,nurse1,10.0.0.1"
WANTS = Listener(protocol="syslog-tcp", port=0, format="delimited", mapping="vpn-lines")


def rows(body: bytes, wants: Listener = WANTS) -> list[tuple[str | None, str | None]]:
    taker = Taker("vpn", wants, zone="Asia/Shanghai", mapping=MAPPING)
    group = Group(1, [Heard(1_772_410_500_000_000, "message", "10.0.0.9", body)])
    return [(row.account, row.ip) for _, found in taker.rows(group) for row in found]


@pytest.mark.parametrize("header", [
    "<134>1 2026-03-02T08:15:00+08:00 gw1 sslvpn 9 - - ",
    "<134>1 2026-03-02T08:15:00+08:00 gw1 sslvpn 9 - - \ufeff",  # RFC 5424 marks UTF-8 so
    '<134>1 2026-03-02T08:15:00+08:00 gw1 sslvpn 9 - [a@1 b="c"] ',
    "<134>Mar  2 08:15:00 gw1 sslvpn[9]: ",                       # RFC 3164
    "",                                                           # a sender that writes none
])  # fmt: skip
def test_a_line_is_read_behind_its_header(header: str) -> None:
    assert rows(f"{header}{LINE}\n".encode()) == [("nurse1", "10.0.0.1")]


def test_a_line_that_comes_otherwise_is_read_as_it_stands() -> None:
    wants = Listener(protocol="mllp", port=0, format="delimited", mapping="vpn-lines")
    assert rows(LINE.encode(), wants) == [("nurse1", "10.0.0.1")]
    assert rows(f"<134>1 - gw1 sslvpn 9 - - {LINE}".encode(), wants) == []
