# SPDX-License-Identifier: Apache-2.0
"""The writer's socket: who may speak, for whom, and what a client sees when the other side is gone, slow or mad."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import stat
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from tests.integration.ledger.conftest import ORIGIN, SIGNER, clock, connect, event
from tests.integration.ledger.serving import Served, as_nobody, served
from wardkeep.ledger import (
    EntryTooLarge,
    KeyConflict,
    Ledger,
    LedgerReader,
    LedgerUnavailable,
    OutOfOrder,
    Receipt,
    verify_ledger,
)
from wardkeep.ledger.client import LENGTH, MAX_FRAME, SOCKET, socket_address

root = pytest.mark.skipif(os.geteuid() != 0, reason="takes another user's place, which only root can")


@pytest.fixture
def server(folder: Path) -> Iterator[Served]:
    with served(folder) as one:
        yield one


def test_a_client_gets_through_the_socket_what_it_would_get_in_process(server: Served, folder: Path) -> None:
    with connect(folder) as ledger:
        assert not ledger.in_process
        assert ledger.append("a", 0, [b"x", b"y"]) == Receipt("2026", 1, 2)
        assert ledger.append("b", 7, [b"z"]) == Receipt("2026", 3, 3)  # another producer, another connection
        assert ledger.append("a", 0, [b"x", b"y"]) == Receipt("2026", 1, 2)
        with pytest.raises(KeyConflict, match="batch 0 of a"):
            ledger.append("a", 0, [b"other"])
        with pytest.raises(OutOfOrder):
            ledger.append("a", 5, [b"x"])
        with pytest.raises(OutOfOrder):
            ledger.append("", 0, [b"x"])
        with pytest.raises(EntryTooLarge) as caught:
            ledger.append("a", 1, [b"x" * 65_536])
        assert caught.value.exit_status == 2
        with pytest.raises(KeyConflict):
            ledger.append("wardkeep", 1, [b"x"])
        assert (ledger.find("a", 0), ledger.find("a", 1)) == (Receipt("2026", 1, 2), None)
        assert ledger.last("b") == (7, Receipt("2026", 3, 3))
        assert ledger.last("nobody") is None
        ledger.publish()
        assert LedgerReader(folder).size("2026") == 4
    assert server.stop() == 0
    assert verify_ledger(folder).ok
    assert not (folder / SOCKET).exists()


def test_readers_see_an_entry_soon_without_asking(server: Served, folder: Path) -> None:
    with server.client() as ledger:
        ledger.append("a", 0, [b"x"])
        until = time.monotonic() + 60  # a quarter of a second, on a busy machine
        while LedgerReader(folder).size("2026") < 2:
            assert time.monotonic() < until
            time.sleep(0.02)


def test_only_its_owner_can_reach_the_socket(server: Served, folder: Path) -> None:
    mode = (folder / SOCKET).stat().st_mode
    assert stat.S_ISSOCK(mode)
    assert stat.S_IMODE(mode) == 0o600


@root
def test_another_user_gets_no_answer_even_where_the_mode_was_loosened() -> None:
    outer = Path(tempfile.mkdtemp(prefix="wardkeep-"))
    try:
        folder = outer / "ledger"
        Ledger.create(folder, origin=ORIGIN, signer=SIGNER, at=clock())
        with served(folder):
            for path, mode in ((outer, 0o755), (folder, 0o755), (folder / SOCKET, 0o666)):
                path.chmod(mode)
            with as_nobody(), pytest.raises(OSError):
                ask(folder, [1, "append", ["a", 0, b"\0\1x"]])
            assert ask(folder, [1, "last", ["a"]]) == [1, True, None]
    finally:
        shutil.rmtree(outer)


def test_a_connection_speaks_for_the_producer_that_it_named_first(server: Served, folder: Path) -> None:
    with talk(folder) as ask_again:
        assert ask_again([1, "append", ["a", 0, b"\0\1x"]]) == [1, True, ["2026", 1, 1]]
        number, good, (kind, message, _) = ask_again([2, "append", ["b", 0, b"\0\1x"]])
        assert (number, good, kind) == (2, False, "LedgerUnavailable")
        assert message == "this connection speaks for a alone"
        assert ask_again([3, "find", ["b", 0]])[1] is False
        assert ask_again([4, "publish", [""]]) == [4, True, None]
        assert ask_again([5, "append", ["a", 1, b"\0\1y"]]) == [5, True, ["2026", 2, 2]]


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\0\0",
        b"GET / HTTP/1.1\r\n\r\n",
        LENGTH.pack(MAX_FRAME + 1),
        LENGTH.pack(3) + b"\xc1\xc1\xc1",
        *(
            LENGTH.pack(len(frame)) + frame
            for frame in map(
                msgspec.msgpack.encode,
                [
                    None,
                    [],
                    [1, "append"],
                    [1, "append", []],
                    [1, "append", {}],
                    [1, "append", ["a"]],
                    [1, "append", ["a", "x", b""]],
                    [1, "append", ["a", 0, 5]],
                    [1, "append", ["a", float("inf"), b"\0\1x"]],
                    [1, "find", ["a"]],
                    [1, "last", [[]]],
                ],
            )
        ),
    ],
)
def test_nonsense_ends_its_own_connection_and_no_other(server: Served, folder: Path, raw: bytes) -> None:
    with server.client() as good:
        good.append("a", 0, [b"x"])
        with socket.socket(socket.AF_UNIX) as mad:
            mad.settimeout(5)
            with socket_address(folder) as address:
                mad.connect(address)
            mad.sendall(raw)
            mad.shutdown(socket.SHUT_WR)
            while mad.recv(4096):
                pass
        assert good.append("a", 1, [b"y"]) == Receipt("2026", 2, 2)


@pytest.mark.parametrize("frame", [[1, "erase", ["a"]], [1, "append", ["a", 0, b"\0\5x"]]])
def test_what_cannot_be_done_is_answered_with_an_error(server: Served, folder: Path, frame: list[object]) -> None:
    assert ask(folder, frame)[1] is False


def test_many_clients_at_once_each_get_their_own_receipts(server: Served, folder: Path) -> None:
    receipts: dict[tuple[int, int], Receipt] = {}

    def work(number: int) -> None:
        with server.client() as ledger:
            for seq in range(30):
                receipts[number, seq] = ledger.append(f"p{number}", seq, bodies_of(number, seq))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    server.stop()
    reader = LedgerReader(folder)
    for (number, seq), receipt in receipts.items():
        assert reader.bodies("2026", receipt.first, receipt.last) == bodies_of(number, seq)
    assert len(receipts) == 360
    assert reader.size("2026") == 1 + sum(receipt.count for receipt in receipts.values())
    assert verify_ledger(folder).ok


def bodies_of(number: int, seq: int) -> list[bytes]:
    return [event(number * 10_000 + seq * 100 + n) for n in range(1 + (number + seq) % 5)]


@pytest.mark.parametrize("by_socket", [True, False])
def test_many_batches_of_one_entry_go_together_and_each_has_its_receipt(
    server: Served, folder: Path, by_socket: bool
) -> None:
    if not by_socket:
        server.stop()
    with server.client() if by_socket else connect(folder) as ledger:
        bodies = [event(n) for n in range(700)]
        expected = [Receipt("2026", 1 + n, 1 + n) for n in range(700)]
        assert ledger.append_each("a", 0, bodies) == expected
        assert ledger.append_each("a", 600, bodies[600:]) == expected[600:]
        with pytest.raises(OutOfOrder):
            ledger.append_each("a", 701, bodies[:2])
        with pytest.raises(KeyConflict):
            ledger.append_each("a", 699, [event(1), event(700)])
        assert ledger.last("a") == (700, Receipt("2026", 701, 701))
        assert ledger.append("a", 701, [event(701)]) == Receipt("2026", 702, 702)
    if by_socket:
        server.kill()
        with pytest.raises((LedgerUnavailable, OSError)):
            ledger.append_each("b", 0, bodies)


def test_batches_in_flight_on_one_connection_keep_their_order(server: Served, folder: Path) -> None:
    frames = [msgspec.msgpack.encode([n, "append", ["a", n, b"\0\1x"]]) for n in range(50)]
    with talk(folder) as ask_again:
        answers = ask_again(*(msgspec.msgpack.decode(frame) for frame in frames))
    assert sorted(answers) == [[n, True, ["2026", 1 + n, 1 + n]] for n in range(50)]


# --- the other side is gone


def test_a_lock_that_is_held_behind_a_dead_socket_is_reported_after_the_wait(server: Served, folder: Path) -> None:
    os.kill(server.process.pid, signal.SIGSTOP)
    try:
        started = time.monotonic()
        with pytest.raises(LedgerUnavailable) as caught, connect(folder, wait=1.0) as ledger:
            ledger.append("a", 0, [b"x"])
        assert 0.9 <= time.monotonic() - started < 25
        assert caught.value.exit_status == 3
    finally:
        os.kill(server.process.pid, signal.SIGCONT)
    with connect(folder) as ledger:  # what was sent meanwhile may be in, or not; asking again decides
        assert ledger.append("a", 0, [b"x"]) == Receipt("2026", 1, 1)


def test_a_lock_without_a_socket_is_reported_after_the_wait(folder: Path) -> None:
    with connect(folder):
        started = time.monotonic()
        with pytest.raises(LedgerUnavailable, match="is locked") as caught:
            connect(folder, wait=0.5)
        assert 0.5 <= time.monotonic() - started < 25
        assert "wardkeep serve" in caught.value.hint


def test_where_the_writer_has_died_its_dead_socket_is_no_obstacle(server: Served, folder: Path) -> None:
    server.kill()
    assert (folder / SOCKET).exists()
    with connect(folder) as ledger:
        assert ledger.in_process
        ledger.append("a", 0, [b"x"])
    with served(folder) as again, again.client() as ledger:
        assert ledger.append("a", 1, [b"y"]) == Receipt("2026", 2, 2)


def test_a_client_does_not_notice_that_its_writer_was_started_anew(folder: Path) -> None:
    """An ingest of hours goes on; what got no answer is asked again, and is not appended twice."""
    with served(folder) as first:
        ledger = first.client(wait=30.0)
        ledger.append("a", 0, [b"x"])
        first.kill()
        again: list[Served] = []
        thread = threading.Thread(target=lambda: again.append(Served(folder)))
        thread.start()
        assert ledger.append("a", 1, [b"y"]) == Receipt("2026", 2, 2)
        assert ledger.last("b") is None
        ledger.close()
        thread.join()
        assert again[0].stop() == 0


def test_a_client_outlives_its_writer(folder: Path) -> None:
    with served(folder) as first:
        ledger = first.client(wait=3.0)
        ledger.append("a", 0, [b"x"])
        first.kill()
        with pytest.raises(LedgerUnavailable, match="does not answer") as caught:
            ledger.append("a", 1, [b"y"])
        assert "not appended twice" in caught.value.hint
    with served(folder):
        assert ledger.append("a", 1, [b"y"]) == Receipt("2026", 2, 2)
        ledger.close()


def test_a_second_writer_is_refused(server: Served, folder: Path) -> None:
    with pytest.raises(AssertionError, match="being written by somebody else"):
        start_second(folder)


def start_second(folder: Path) -> None:
    """A process that cannot get the lock ends with the reason; the first one's socket answers meanwhile."""
    import subprocess
    import sys

    from tests.integration.ledger.serving import ROOT

    words = [sys.executable, "-m", "tests.integration.ledger.serving", str(folder)]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr.decode()


def test_the_socket_works_however_deep_the_folder_lies(tmp_path: Path) -> None:
    deep = tmp_path / ("d" * 60) / ("e" * 60) / ("f" * 60)
    deep.mkdir(parents=True)
    Ledger.create(deep / "ledger", origin=ORIGIN, signer=SIGNER, at=clock())
    with served(deep / "ledger") as server, server.client() as ledger:
        assert ledger.append("a", 0, [b"x"]).first == 1


# --- raw frames


@contextlib.contextmanager
def talk(folder: Path) -> Iterator[object]:
    with socket.socket(socket.AF_UNIX) as line:
        line.settimeout(10)
        with socket_address(folder) as address:
            line.connect(address)
        stream = line.makefile("rb")

        def say(*frames: object) -> object:
            for frame in frames:
                raw = msgspec.msgpack.encode(frame)
                line.sendall(LENGTH.pack(len(raw)) + raw)
            answers = []
            for _ in frames:
                head = stream.read(LENGTH.size)
                if len(head) < LENGTH.size:
                    raise OSError("closed")
                answers.append(msgspec.msgpack.decode(stream.read(*LENGTH.unpack(head))))
            return answers if len(frames) > 1 else answers[0]

        yield say


def ask(folder: Path, frame: object) -> list[object]:
    with talk(folder) as say:
        answer: list[object] = say(frame)  # type: ignore[operator]
        return answer
