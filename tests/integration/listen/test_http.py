# SPDX-License-Identifier: Apache-2.0
"""Audit events over HTTP: 201 when durable, and every other answer says what to do."""

from __future__ import annotations

import http.client
import json
import ssl
import subprocess
import threading
from pathlib import Path
from typing import Any

import pytest

from tests.listening import Live, a_home, asked, audit, connection, spooled, store_all, wait_for
from wardkeep.jobs.listen import http as listener
from wardkeep.jobs.listen import rawspool
from wardkeep.jobs.listen.tokens import Tokens, TokensError, read_tokens

FHIR = {"Content-Type": "application/fhir+json"}
TOKEN = "of-the-emr-0123456789abcdef"


def post(live: Live, name: str, body: bytes, headers: dict[str, str] | None = None, **how: Any) -> tuple[int, bytes]:
    host, port = live.address(name)
    made = http.client.HTTPConnection(host, port, timeout=30, **how)
    made.request("POST", "/AuditEvent", body, headers or FHIR)
    answer = made.getresponse()
    said = answer.status, answer.read()
    made.close()
    return said


def bundle(kind: str, *events: bytes) -> bytes:
    entries = [{"resource": json.loads(event), "request": {"method": "POST", "url": "AuditEvent"}} for event in events]
    return json.dumps({"resourceType": "Bundle", "type": kind, "entry": entries}).encode()


def test_one_event_a_bundle_and_what_is_neither(tmp_path: Path) -> None:
    home = a_home(tmp_path, {"fhir": {"protocol": "http"}})
    with Live(home) as live:
        assert post(live, "fhir", audit(1)) == (201, b"")
        status, body = post(live, "fhir", bundle("batch", audit(2), audit(3)))
        assert (status, [e["response"]["status"] for e in json.loads(body)["entry"]]) == (200, ["201", "201"])
        assert post(live, "fhir", bundle("collection", audit(4)))[0] == 201
        for body, headers, wanted in (
            (b"{broken", FHIR, 400),
            (b'{"resourceType": "Patient"}', FHIR, 400),
            (b"<AuditEvent/>", {"Content-Type": "application/fhir+xml"}, 415),
            (audit(9), {**FHIR, "Content-Encoding": "gzip"}, 415),
        ):
            status, said = post(live, "fhir", body, headers)
            assert (status, json.loads(said)["resourceType"]) == (wanted, "OperationOutcome")
    store_all(home)
    assert asked(home, "SELECT DISTINCT patient_id FROM events ORDER BY 1") == [("P1",), ("P2",), ("P3",), ("P4",)]
    (piece,) = home.store().pieces()
    assert (piece.raw, piece.position) == (b"{broken", "5")


def test_many_requests_over_one_connection(tmp_path: Path) -> None:
    home = a_home(tmp_path, {"fhir": {"protocol": "http"}})
    with Live(home) as live:
        made = http.client.HTTPConnection(*live.address("fhir"), timeout=30)
        for n in range(50):
            made.request("POST", "/", audit(n), FHIR)
            answer = made.getresponse()
            assert (answer.status, answer.read()) == (201, b"")
        made.close()
    assert len(spooled(home, "fhir")) == 50


def test_nothing_is_answered_before_it_is_durable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = a_home(tmp_path, {"fhir": {"protocol": "http"}})
    may_sync, sync, answers = threading.Event(), rawspool.os.fdatasync, []
    with Live(home) as live:

        def waits(descriptor: int) -> None:
            may_sync.wait(20)
            sync(descriptor)

        monkeypatch.setattr(rawspool.os, "fdatasync", waits)
        sender = threading.Thread(target=lambda: answers.append(post(live, "fhir", audit(1))))
        sender.start()
        sender.join(0.3)
        assert answers == []
        may_sync.set()
        sender.join(20)
    assert answers == [(201, b"")]


def test_a_full_spool_answers_503_and_keeps_nothing(tmp_path: Path) -> None:
    home = a_home(tmp_path, {"fhir": {"protocol": "http"}})
    with Live(home) as live:
        spool = live.ports["fhir"].gate.spool
        limit, spool.limit = spool.limit, 0
        status, body = post(live, "fhir", audit(1))
        assert (status, b"send again" in body) == (503, True)
        spool.limit = limit
        assert post(live, "fhir", audit(2))[0] == 201
        assert live.ports["fhir"].counts.refused == 1
    assert [one.body for one in spooled(home, "fhir")] == [audit(2)]


def test_who_has_no_token_of_a_known_sender_is_turned_away(tmp_path: Path) -> None:
    tokens = tmp_path / "senders"
    tokens.write_text(f"# who may post\nemr {TOKEN}\n")
    tokens.chmod(0o600)
    home = a_home(tmp_path, {"fhir": {"protocol": "http", "tokens": "senders"}})
    with Live(home) as live:
        for said in (None, "Bearer wrong", f"Basic {TOKEN}", "Bearer "):
            headers = FHIR if said is None else {**FHIR, "Authorization": said}
            assert post(live, "fhir", audit(1), headers)[0] == 401
        good = {**FHIR, "Authorization": f"Bearer {TOKEN}"}
        assert post(live, "fhir", audit(1), good)[0] == 201
        tokens.unlink()  # nobody is known then
        assert post(live, "fhir", audit(2), good)[0] == 401
        assert live.ports["fhir"].counts.turned_away == 5
    assert [one.peer for one in spooled(home, "fhir")] == ["127.0.0.1/emr"]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("emr short", "line 1: the token is shorter"),
        ("emr", "line 1: write NAME TOKEN"),
        (f"a {TOKEN}\na {TOKEN}x", "line 2: a stands twice"),
        (f"../a {TOKEN}", "line 1: write NAME TOKEN"),
        (f"a {TOKEN}\udcff", "no text in UTF-8"),
    ],
)
def test_a_file_of_tokens_that_is_wrong_names_the_line_and_no_token(tmp_path: Path, text: str, fault: str) -> None:
    path = tmp_path / "senders"
    path.write_bytes(text.encode(errors="surrogateescape"))
    path.chmod(0o600)
    with pytest.raises(TokensError, match=fault) as raised:
        read_tokens(path)
    assert TOKEN not in str(raised.value)
    assert Tokens(path).sender(b"Bearer " + TOKEN.encode()) is None


def test_a_file_of_tokens_that_everyone_can_read_lets_nobody_in(tmp_path: Path) -> None:
    path = tmp_path / "senders"
    path.write_text(f"emr {TOKEN}")
    path.chmod(0o644)
    tokens = Tokens(path)
    assert tokens.sender(b"Bearer " + TOKEN.encode()) is None
    assert "chmod 600" in tokens.trouble


def test_requests_that_lie_or_never_end_do_not_stop_another(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listener, "LONGEST_REQUEST", 100_000)
    home = a_home(tmp_path, {"fhir": {"protocol": "http"}})
    head = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
    lies = {
        b"": None,
        b"GET / HTTP/1.1\r\nHost: x\r\n\r\n": b"405",
        b"nonsense\r\n\r\n": b"400",
        head + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\n{}": b"400",
        head + b"Content-Length: 999999999\r\n\r\n": b"413",
        head + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n": b"400",
        head + b"Transfer-Encoding: chunked\r\n\r\n" + b"4000\r\n%b\r\n" % (b" " * 0x4000) * 8: b"413",
        b"POST / HTTP/1.1\r\nX: " + b"x" * 40_000: b"431",
        head + b"Content-Length: 50\r\n\r\n{": None,  # slow: it has to go without an answer
    }
    with Live(home) as live:
        live.ports["fhir"].takes._patience = 0.5  # type: ignore[union-attr]
        for said, wanted in lies.items():
            with connection(live.address("fhir")) as sock:
                sock.sendall(said)
                if not said:
                    continue
                answer = b""
                try:
                    while part := sock.recv(65536):
                        answer += part
                except ConnectionResetError:  # what was still on its way when we hung up
                    pass
                assert answer.split(b" ")[1:2] == ([wanted] if wanted else []), said[:60]
        assert post(live, "fhir", audit(1))[0] == 201
        wait_for(lambda: live.ports["fhir"].counts.connections == 0, "every connection is let go")
        assert live.ports["fhir"].counts.turned_away > 0
    assert [one.body for one in spooled(home, "fhir") if one.kind == "message"] == [audit(1)]


def test_a_sender_of_too_much_hears_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listener, "LONGEST_REQUEST", 1_000_000)
    home = a_home(tmp_path, {"fhir": {"protocol": "http"}})
    with Live(home) as live:
        for size in (1_000_001, 1_900_000):
            status, said = post(live, "fhir", b" " * size)
            assert status == 413
            assert b"send smaller Bundles" in said
    assert spooled(home, "fhir") == []


def certificates(folder: Path) -> None:
    """An authority, our certificate and a sender's: invented, for a day."""

    def openssl(*words: str) -> None:
        subprocess.run(["openssl", *words], cwd=folder, check=True, capture_output=True)

    openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "ca.key", "-out", "ca.pem", "-days", "1",
            "-subj", "/CN=Test authority", "-addext", "keyUsage=critical,keyCertSign")  # fmt: skip
    for name in ("server", "sender"):
        (folder / f"{name}.ext").write_text("subjectAltName=DNS:localhost,IP:127.0.0.1\n")
        openssl(
            "req",
            "-newkey",
            "rsa:2048",
            "-nodes",
            "-keyout",
            f"{name}.key",
            "-out",
            f"{name}.csr",
            "-subj",
            f"/CN={name}",
        )
        openssl("x509", "-req", "-in", f"{name}.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "1",
                "-extfile", f"{name}.ext", "-out", f"{name}.pem")  # fmt: skip


def test_over_tls_only_senders_with_a_certificate_of_the_named_authority_are_heard(tmp_path: Path) -> None:
    certificates(tmp_path)
    home = a_home(
        tmp_path,
        {"fhir": {"protocol": "https"}},
        certificate="server.pem",
        key="server.key",
        client_authorities="ca.pem",
    )
    with Live(home) as live:
        port = live.address("fhir")[1]
        context = ssl.create_default_context(cafile=str(tmp_path / "ca.pem"))
        stranger = http.client.HTTPSConnection("localhost", port, timeout=20, context=context)
        with pytest.raises((ssl.SSLError, OSError)):
            stranger.request("POST", "/", audit(1), FHIR)
            stranger.getresponse()
        context.load_cert_chain(tmp_path / "sender.pem", tmp_path / "sender.key")
        known = http.client.HTTPSConnection("localhost", port, timeout=20, context=context)
        known.request("POST", "/", audit(2), FHIR)
        assert known.getresponse().status == 201
        known.close()
    assert [one.body for one in spooled(home, "fhir")] == [audit(2)]
