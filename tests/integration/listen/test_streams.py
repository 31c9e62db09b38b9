# SPDX-License-Identifier: Apache-2.0
"""What is sent over TCP is durable before it is answered, and no sender can stop another one."""

from __future__ import annotations

import contextlib
import json
import socket
import ssl
import threading
import time
from pathlib import Path

import pytest

from tests.integration.listen.test_http import certificates
from tests.listening import Live, a_home, asked, audit, connection, spooled, store_all, wait_for
from wardkeep.jobs.listen import limits, rawspool, server, streams, udp
from wardkeep.jobs.listen.places import live_folder
from wardkeep.watch.hl7 import Deframer, framed

ADT = b"MSH|^~\\&|HIS|H|WK|H|20260302080000||ADT^A01|M%d|P|2.4\rPID|1||P1\r"


def line(n: int) -> bytes:
    return b"<85>1 2026-03-02T08:00:00+08:00 his app - - - message %d" % n


def counted(message: bytes) -> bytes:
    return b"%d %b" % (len(message), message)


def answers(sock: socket.socket, count: int) -> list[bytes]:
    """The MSA codes of the next answers."""
    deframer, found = Deframer(), []
    while len(found) < count:
        data = sock.recv(65536)
        assert data, f"hung up after {found}"
        found += [frame.message.split(b"\rMSA|")[1][:2] for frame in deframer.feed(data)]
    return found


def test_both_framings_of_syslog_arrive_whole_and_in_order(tmp_path: Path) -> None:
    home = a_home(tmp_path, {"his": {"protocol": "syslog-tcp"}})
    with Live(home) as live:
        with connection(live.address("his")) as sock:
            raw = b"".join(counted(line(n)) for n in range(300))
            for at in range(0, len(raw), 777):
                sock.sendall(raw[at : at + 777])
        with connection(live.address("his")) as sock:
            sock.sendall(b"".join(line(n) + b"\n" for n in range(300, 400)))
        wait_for(lambda: live.ports["his"].counts.kept == 400, "400 messages are durable")
    assert sorted(one.body for one in spooled(home, "his")) == sorted(line(n) for n in range(400))


def test_a_message_that_is_cut_off_is_kept_with_the_reason(tmp_path: Path) -> None:
    home = a_home(tmp_path, {"his": {"protocol": "syslog-tcp"}})
    with Live(home) as live:
        with connection(live.address("his")) as sock:
            sock.sendall(counted(line(1)) + b"500 <85>1 half")
        wait_for(lambda: live.ports["his"].counts.broken == 1, "the half is set aside")
    kinds = [(one.kind, one.body) for one in spooled(home, "his")]
    assert kinds == [("message", line(1)), ("broken", b"500 <85>1 half")]


def test_hl7_is_acknowledged_when_it_is_durable_and_not_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = a_home(tmp_path, {"adt": {"protocol": "mllp"}})
    may_sync, sync = threading.Event(), rawspool.os.fdatasync

    def waits(descriptor: int) -> None:
        may_sync.wait(20)
        sync(descriptor)

    may_sync.set()
    with Live(home) as live, connection(live.address("adt")) as sock:
        monkeypatch.setattr(rawspool.os, "fdatasync", waits)
        may_sync.clear()
        sock.sendall(framed(ADT % 1) + framed(ADT % 2))
        sock.settimeout(0.3)
        with pytest.raises(TimeoutError):
            sock.recv(1)
        may_sync.set()
        sock.settimeout(20)
        assert answers(sock, 2) == [b"AA", b"AA"]
        sock.sendall(b"no frame at all" + framed(ADT % 3))
        assert answers(sock, 2) == [b"AE", b"AA"]
        sock.sendall(framed(b"hello") + framed(b"FHS|^~\\&\r" + ADT % 4))
        assert answers(sock, 2) == [b"AE", b"AA"]  # what is in a frame and no message; a batch is one
    kinds = [one.kind for one in spooled(home, "adt")]
    assert kinds == ["message", "message", "broken", "message", "message", "message"]


def test_a_full_spool_is_refused_in_words_and_read_no_further(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "AGAIN", 0.02)
    home = a_home(tmp_path, {"adt": {"protocol": "mllp"}, "his": {"protocol": "syslog-tcp"}})
    with Live(home, limit=rawspool.SMALLEST_LIMIT) as live:
        big = framed(ADT % 1 + b"NTE|1||" + b"x" * (3 << 20))
        with connection(live.address("adt")) as sock:
            codes = []
            while b"AR" not in codes:
                sock.sendall(big)
                codes += answers(sock, 1)
            assert codes[-1] == b"AR" and set(codes[:-1]) == {b"AA"}
            kept = len(codes) - 1
        # Syslog has no answer: nothing more is read, and nothing is lost.
        message = line(7) + b" " + b"x" * (1 << 20) + b"\n"
        with connection(live.address("his")) as sock:
            sender = threading.Thread(target=lambda: [sock.sendall(message) for _ in range(24)], daemon=True)
            sender.start()
            wait_for(lambda: "limit" in live.ports["his"].counts.trouble, "it says that it is full")
            assert sender.is_alive()
            read = live.ports["his"].counts.bytes_read
            assert read < 16 << 20
            until = time.monotonic() + 60
            while live.ports["his"].counts.kept < 24 and time.monotonic() < until:
                store_all(home)  # makes room
                time.sleep(0.01)
        assert live.ports["his"].counts.kept == 24
    assert kept > 0
    assert live.ports["his"].counts.trouble == ""


def test_it_ends_although_nothing_can_be_kept_and_counts_what_was_read(tmp_path: Path) -> None:
    home = a_home(tmp_path, {"his": {"protocol": "syslog-tcp"}})
    with Live(home) as live, connection(live.address("his")) as sock:
        live.ports["his"].gate.spool.limit = 0
        sock.sendall(line(1) + b"\n" + line(2) + b"\n")
        wait_for(lambda: "limit" in live.ports["his"].counts.trouble, "it says that it is full")
    assert live.ports["his"].counts.refused == 2
    assert spooled(home, "his") == []


def test_a_slow_sender_an_endless_line_and_a_crowd_do_not_stop_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = a_home(tmp_path, {"his": {"protocol": "syslog-tcp"}, "adt": {"protocol": "mllp"}})
    with Live(home) as live, contextlib.ExitStack() as stack:
        for name in ("his", "adt"):
            live.ports[name].takes._patience = 1.0  # type: ignore[union-attr]
        slow = [stack.enter_context(connection(live.address(name))) for name in ("his", "adt")]
        for sock in slow:
            sock.sendall(b"\x0bMSH|^~\\&|begun, never ended")
        endless = stack.enter_context(connection(live.address("his")))
        endless.settimeout(20)
        with pytest.raises(OSError):
            for _ in range(200):
                endless.sendall(b"x" * (1 << 20))
        crowd = [stack.enter_context(connection(live.address("his"))) for _ in range(100)]
        assert live.ports["his"].counts.connections <= limits.CONNECTIONS_EACH
        lying = stack.enter_context(connection(live.address("adt")))
        lying.sendall(framed(b"not HL7") + b"\x1c\r\x1c\r\x0b")
        honest = stack.enter_context(connection(live.address("adt")))
        honest.sendall(framed(ADT % 1))
        assert answers(honest, 1) == [b"AA"]
        for sock in slow:
            sock.settimeout(20)
            while sock.recv(4096):  # an answer that it was no message, then the end
                pass
        assert live.ports["his"].counts.turned_away > 0
        del crowd
    problems = {one.problem.partition(":")[0] for name in ("his", "adt") for one in spooled(home, name)}
    assert {"too-slow", "too-long"} <= problems


def test_what_was_heard_is_stored_once_however_often_it_is_read(tmp_path: Path) -> None:
    home = a_home(tmp_path, {"emr": {"protocol": "syslog-tcp", "format": "fhir", "system": "EMR"}})
    with Live(home) as live, connection(live.address("emr")) as sock:
        events = [audit(n) for n in range(50)]
        sock.sendall(b"".join(event + b"\n" for event in [*events, events[3], b"no JSON"]))
        wait_for(lambda: live.ports["emr"].counts.kept == 52, "all are durable")
    copies = {path: path.read_bytes() for path in (live_folder(home) / "emr").glob("*.wkr")}
    totals = store_all(home).totals
    assert (totals.read, totals.accepted, totals.duplicates, totals.quarantined) == (53, 51, 1, 1)
    for path, raw in copies.items():  # as a crash between sealing and removing leaves them
        path.write_bytes(raw)
    totals = store_all(home).totals
    assert (totals.accepted, totals.duplicates) == (0, 52)
    assert asked(home, "SELECT count(*), count(DISTINCT patient_id), min(system) FROM events") == [(50, 50, "EMR")]
    (began,) = asked(home, "SELECT resource, kind FROM all_events WHERE kind = 'other'")
    assert began == ("wardkeep:listening-began", "other")
    (piece,) = home.store().pieces()
    assert (piece.source, piece.position, piece.raw) == ("emr/127.0.0.1", "53", b"no JSON")
    assert piece.reason.startswith("not-json")
    assert json.loads(events[3])["resourceType"] == "AuditEvent"


def test_over_tls_a_sender_without_the_certificate_that_is_asked_for_is_not_heard(tmp_path: Path) -> None:
    certificates(tmp_path)
    how = {"certificate": "server.pem", "key": "server.key", "client_authorities": "ca.pem"}
    home = a_home(tmp_path, {"adt": {"protocol": "mllp-tls"}}, **how)
    with Live(home) as live:
        context = ssl.create_default_context(cafile=str(tmp_path / "ca.pem"))
        with (
            connection(live.address("adt")) as raw,
            contextlib.suppress(OSError),
            context.wrap_socket(raw, server_hostname="localhost") as sock,
        ):
            sock.sendall(framed(ADT % 1))
            assert sock.recv(65536) == b""
        context.load_cert_chain(tmp_path / "sender.pem", tmp_path / "sender.key")
        with connection(live.address("adt")) as raw, context.wrap_socket(raw, server_hostname="localhost") as sock:
            sock.sendall(framed(ADT % 2))
            assert answers(sock, 1) == [b"AA"]
    assert [one.body for one in spooled(home, "adt")] == [ADT % 2]


def test_a_crowd_that_never_finishes_its_handshake_keeps_no_other_address_out(tmp_path: Path) -> None:
    certificates(tmp_path)
    home = a_home(tmp_path, {"adt": {"protocol": "mllp-tls"}}, certificate="server.pem", key="server.key")
    with Live(home) as live, contextlib.ExitStack() as stack:
        counts = live.ports["adt"].counts
        for _ in range(limits.CONNECTIONS_EACH + 20):
            stack.enter_context(connection(live.address("adt")))
        wait_for(lambda: counts.turned_away >= 20, "those that are too many are turned away")
        assert counts.connections == limits.CONNECTIONS_EACH
        context = ssl.create_default_context(cafile=str(tmp_path / "ca.pem"))
        other = socket.create_connection(live.address("adt"), timeout=20, source_address=("127.0.0.2", 0))
        with context.wrap_socket(other, server_hostname="localhost") as sock:
            sock.sendall(framed(ADT % 1))
            assert answers(sock, 1) == [b"AA"]


def test_a_listener_that_breaks_unexpectedly_ends_the_process_so_that_it_starts_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = a_home(tmp_path, {"fw": {"protocol": "syslog-udp"}})

    async def breaks(self: object) -> None:
        raise RuntimeError("unexpected")

    monkeypatch.setattr(udp.Datagrams, "run", breaks)
    with pytest.raises(RuntimeError, match="unexpected"), Live(home) as live:
        wait_for(lambda: live.failure is not None, "it ends")


def test_a_port_that_is_taken_keeps_no_other_listener_from_listening(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "RETRY", 0.05)
    taken = socket.create_server(("127.0.0.1", 0))
    port = taken.getsockname()[1]
    home = a_home(tmp_path, {"adt": {"protocol": "mllp", "port": port}, "his": {"protocol": "syslog-tcp"}})
    live = Live(home)
    live._thread.start()
    wait_for(lambda: bool(live.ports["his"].address), "the other one listens")
    wait_for(lambda: "does not listen: Address already in use" in live.ports["adt"].counts.trouble, "it is said")
    taken.close()
    wait_for(lambda: bool(live.ports["adt"].since_us), "it listens as soon as it can")
    assert live.ports["adt"].counts.trouble == ""
    live.__exit__()
