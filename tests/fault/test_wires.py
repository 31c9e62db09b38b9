# SPDX-License-Identifier: Apache-2.0
"""Mutated bytes on every socket: the next sender is heard as if nothing had been, and what was answered with yes is kept."""

from __future__ import annotations

import contextlib
import gc
import random
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.fault.parsers import Parser, changed
from tests.fault.samples import COUNTED, FRAMED, HL7_SHARDS
from tests.fault.senders import atna
from tests.integration.ledger.conftest import ORIGIN, SIGNER, clock
from tests.integration.ledger.serving import Served, served
from tests.listening import Live, a_home, asked, audit, connection, spooled, store_all, wait_for
from wardkeep.ledger import Ledger, Receipt, verify_ledger
from wardkeep.ledger.client import LENGTH, socket_address
from wardkeep.watch.hl7 import framed

SHORT, LONG = 150, 10_000
HEAD = b"POST /AuditEvent HTTP/1.1\r\nHost: x\r\nContent-Type: application/fhir+json\r\n"


def posted(body: bytes, *more: bytes) -> bytes:
    return HEAD + b"".join(more) + b"Content-Length: %d\r\n\r\n" % len(body) + body


def chunked(body: bytes) -> bytes:
    return HEAD + b"Transfer-Encoding: chunked\r\n\r\n%x\r\n%b\r\n0\r\n\r\n" % (len(body), body)


EXPECT = b"Expect: 100-continue\r\n"
BUNDLE = b'{"resourceType":"Bundle","type":"batch","entry":[{"resource":%b},{"resource":%b}]}' % (audit(7), audit(8))
WIRES = (
    Parser("adt", (b"".join(FRAMED[:3]), FRAMED[4]), lambda *_: (), HL7_SHARDS),
    Parser("log", (b"".join(COUNTED), b"\n".join(COUNTED)), lambda *_: (), (b"0 ", b"999999999 ", b"\n", b"<", b"\0")),
    Parser(
        "fhir",
        (posted(audit(1)), posted(audit(2)) * 3, chunked(audit(3)), posted(BUNDLE), posted(audit(4), EXPECT)),
        lambda *_: (),
        (b"\r\n", b"\r\n\r\n", b"0", b"Content-Length: 0\r\n", b"Content-Length: -1\r\n", b"Content-Encoding: gzip\r\n", b"\0",
         b"Transfer-Encoding: chunked\r\n", b"HTTP/0.9", b"ffffffffffffffff\r\n", b"GET ", b"[" * 3000, b"A" * 70_000, b"\xff"),
    ),
)  # fmt: skip


def said(address: tuple[str, int], data: bytes) -> bytes:
    """What is answered to these bytes and the end of them."""
    answer = b""
    with contextlib.suppress(ConnectionError), connection(address) as sock:
        sock.settimeout(60)
        sock.sendall(data)
        sock.shutdown(socket.SHUT_WR)
        while part := sock.recv(65536):
            answer += part
    return answer


def hear(folder: Path, count: int, begin: int = 0) -> int:
    """So many mutated conversations, a good one now and then; how many good messages there were."""
    home = a_home(
        folder, {"adt": {"protocol": "mllp"}, "log": {"protocol": "syslog-tcp"}, "fhir": {"protocol": "http"}}
    )
    caught: list[Any] = []
    accepted, good = 0, set[str]()
    with Live(home) as live:
        live.loop.call_soon_threadsafe(live.loop.set_exception_handler, lambda _, context: caught.append(context))
        for n in range(begin, begin + count):
            wire = WIRES[n % len(WIRES)]
            answer = said(live.address(wire.name), changed(wire, random.Random(f"{wire.name}:{n}")))
            if wire.name == "fhir":
                accepted += answer.count(b"HTTP/1.1 201 ") + answer.count(b"HTTP/1.1 200 ")
            if n % 25 == 0:
                good |= {f"P{100_000 + n}", f"HIS/H/G{n}", f"G{n}"}
                assert b" 201 " in said(live.address("fhir"), posted(audit(100_000 + n)))
                assert b"|AA|" in said(live.address("adt"), framed(FRAMED[0][1:-2].replace(b"|1|P|", b"|G%d|P|" % n)))
                one = atna(f"G{n}")
                said(live.address("log"), b"%d %b" % (len(one), one))
        counts = [live.ports[wire.name].counts for wire in WIRES]
        wait_for(lambda: not any(one.connections for one in counts), "every connection is let go", 60)
        gc.collect()
    assert caught == []
    messages = sum(one.kind == "message" for one in spooled(home, "fhir"))
    assert accepted + len(good) // 3 <= messages  # an answer may be lost on the way, a message may not
    store_all(home)
    found = {name for row in asked(home, "SELECT DISTINCT event_id, patient_id FROM all_events") for name in row}
    assert good <= found, good - found
    return len(good)


def test_hostile_bytes_on_a_listener_cost_nobody_else_anything(tmp_path: Path) -> None:
    assert hear(tmp_path, SHORT) == 3 * SHORT // 25


@pytest.mark.soak
@pytest.mark.parametrize("part", range(3))
def test_ten_thousand_hostile_conversations_cost_nobody_else_anything(tmp_path: Path, part: int) -> None:
    hear(tmp_path, LONG, part * LONG)


NASTY: tuple[Any, ...] = (
    None, True, -1, 0, 2**63, -(2**63), 2**64 - 1, 1.5, float("nan"), float("inf"), "", "a", "\0", "x" * 70_000, b"", b"\0",
    b"\0\1x",
    b"\xff\xff" + b"x" * 65_535, [], [[]], {}, {"a": 1}, ["a", 0], "ledger", "wardkeep", "患者", b"\0\1x" * 5000,
)  # fmt: skip


def requests(dice: random.Random) -> bytes:
    """A request to the writer that lies in one place or in several, in the frame of its length, which may lie too."""
    arguments: list[Any] = ["z", dice.randrange(3), b"\0\1x"]
    for _ in range(dice.randrange(3)):
        arguments[dice.randrange(3)] = dice.choice(NASTY)
    frame: Any = [
        dice.choice((1, *NASTY)),
        dice.choice(("append", "find", "last", "publish", "x")),
        arguments[: dice.randint(0, 3)],
    ]
    if dice.random() < 0.1:
        frame = dice.choice(NASTY)
    raw = msgspec.msgpack.encode(frame)
    if dice.random() < 0.3:
        at = dice.randrange(len(raw))
        raw = raw[:at] + dice.randbytes(dice.choice((0, 1, 4))) + raw[at + 1 :]
    length = dice.choice((len(raw), len(raw), len(raw), len(raw) + 1, len(raw) - 1, 0, 2**32 - 1))
    return LENGTH.pack(max(0, length)) + raw


@contextlib.contextmanager
def written(folder: Path) -> Iterator[Served]:
    Ledger.create(folder, origin=ORIGIN, signer=SIGNER, at=clock())
    with served(folder) as one:
        yield one


def ask_writer(folder: Path, count: int) -> None:
    with written(folder) as server, server.client() as good:
        for n in range(count):
            dice = random.Random(f"ledger:{n}")
            with socket.socket(socket.AF_UNIX) as mad:
                mad.settimeout(60)
                with socket_address(folder) as address:
                    mad.connect(address)
                with contextlib.suppress(ConnectionError, BrokenPipeError):
                    mad.sendall(b"".join(requests(dice) for _ in range(dice.randint(1, 4))))
                    mad.shutdown(socket.SHUT_WR)
                    while mad.recv(65536):
                        pass
            if n % 25 == 0:
                assert isinstance(good.append("good", n // 25, [b"x%d" % n]), Receipt), f"after {n}"
        assert server.process.poll() is None
        assert server.stop() == 0
    assert verify_ledger(folder).problems == []


@pytest.mark.parametrize("count", [SHORT, pytest.param(LONG, marks=pytest.mark.soak)])
def test_hostile_requests_to_the_writer_cost_nobody_else_anything(tmp_path: Path, count: int) -> None:
    ask_writer(tmp_path / "ledger", count)
