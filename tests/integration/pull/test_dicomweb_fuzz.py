# SPDX-License-Identifier: Apache-2.0
"""Mutated answers of an archive, status line and all: nothing raised but what is declared, soon, and nobody named."""

from __future__ import annotations

import contextlib
import json
import random
import socketserver
import threading
import time
from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest

from tests.integration.intake.fuzz import mutate
from tests.integration.pull.archive import NAME, PATIENT, parted, taken
from wardkeep.jobs.pulling.pacs import Pacs
from wardkeep.jobs.pulling.web import Web
from wardkeep.watch.integrity.dicom import instance_of
from wardkeep.watch.pull import PullError
from wardkeep.watch.pull.dicomweb import Image, PacsSource

SHORT, LONG = 60, 5000
#: Seconds that one answer may take, whatever it says: the watch is set to less.
SLOWEST = 60.0
DAY = date(2026, 3, 3)
ROW = {
    "0020000D": {"vr": "UI", "Value": ["1.2.3.3"]}, "00080020": {"vr": "DA", "Value": ["20260303"]},
    "00100010": {"vr": "PN", "Value": [{"Alphabetic": NAME}]}, "00100020": {"vr": "LO", "Value": [PATIENT]},
    "0020000E": {"vr": "UI", "Value": ["1.2.3.3.1"]}, "00080018": {"vr": "UI", "Value": ["1.2.3.3.1.0"]},
}  # fmt: skip
SHARDS = (
    b"\r\n", b"\r\n\r\n", b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 304 x\r\n", b"Content-Length: 5\r\n",
    b"Content-Length: -1\r\n",
    b"Transfer-Encoding: chunked\r\n", b"Content-Encoding: gzip\r\n", b"Connection: close\r\n", b"X: " + b"y" * 70_000,
    b"-5\r\n", b"0\r\n\r\n", b"ffffffffffffffff\r\n", b"--b-o-u-n-d", b"\0", b"\xff", b"Set-Cookie: a=b\r\n" * 120, b"[" * 5000,
)  # fmt: skip


def _answer(body: bytes, kind: str, *, chunked: bool) -> bytes:
    head = f"HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\n".encode()
    if not chunked:
        return head + b"Content-Length: %d\r\n\r\n" % len(body) + body
    cut = len(body) // 2
    parts = b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in (body[:cut], body[cut:]))
    return head + b"Transfer-Encoding: chunked\r\n\r\n" + parts + b"0\r\n\r\n"


MULTIPART = 'multipart/related; type="application/dicom"; boundary=b-o-u-n-d'
SAMPLES = [
    (what, _answer(body, kind, chunked=chunked))
    for chunked in (False, True)
    for what, body, kind in (
        ("list", json.dumps([ROW]).encode(), "application/dicom+json"),
        ("image", parted(taken(3, 0)), MULTIPART),
        ("image", taken(3, 0), "application/dicom"),
    )
]


class _Says(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        while line := self.rfile.readline(65_536):
            if line == b"\r\n":
                break
        with contextlib.suppress(OSError):
            self.wfile.write(self.server.says)  # type: ignore[attr-defined]


@pytest.fixture(scope="module")
def server() -> Iterator[Any]:
    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True
        request_queue_size = 64
        says = b""

    with Server(("127.0.0.1", 0), _Says) as found:
        thread = threading.Thread(target=found.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        yield found
        found.shutdown()
        thread.join(timeout=60)


def run(server: Any, monkeypatch: pytest.MonkeyPatch, count: int) -> None:
    monkeypatch.setattr("wardkeep.jobs.pulling.pacs.AGAIN", 0)
    url = f"http://127.0.0.1:{server.server_address[1]}/dw"
    source = PacsSource(
        name="pacs", url=url, system="PACS", start=DAY, largest=1, batch=2, timeout=20, answer_timeout=20
    )
    came = 0
    for n in range(count):
        dice = random.Random(f"dicomweb:{n}")
        what, data = SAMPLES[n % len(SAMPLES)]
        begun = time.monotonic()
        if n >= len(SAMPLES):
            if dice.randrange(2):
                at = dice.randrange(len(data) + 1)
                data = data[:at] + dice.choice(SHARDS) + data[at + dice.choice((0, 0, 1, 4)) :]
            else:
                data = mutate(data, (0, len(data)), dice)
        server.says = data
        with Web(source, None, lambda: False) as web:
            pacs = Pacs(source, web)
            try:
                if what == "list":
                    came += len(pacs.studies_on(DAY))
                else:
                    found = pacs.image("1.2.3.3", Image(series="1.2.3.3.1", image="1.2.3.3.1.0"))
                    came += found is not None and not isinstance(instance_of(found, zone="UTC"), str)
            except PullError as refused:
                said = f"{refused} {refused.hint}"
                assert not any(secret in said for secret in (NAME, "小明", PATIENT)), (
                    f"input {n} names a patient: {said}"
                )
            except BaseException as failure:
                raise AssertionError(f"input {n}: {type(failure).__name__}: {failure}") from failure
        assert time.monotonic() - begun < SLOWEST, f"input {n} takes too long"
        assert n != len(SAMPLES) - 1 or came == len(SAMPLES), "what was not mutated is read"


def test_mutated_answers_raise_nothing_that_is_not_declared(server: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    run(server, monkeypatch, SHORT)


@pytest.mark.soak
def test_many_mutated_answers_raise_nothing_that_is_not_declared(server: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    run(server, monkeypatch, LONG)
