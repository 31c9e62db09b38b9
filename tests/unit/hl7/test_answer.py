# SPDX-License-Identifier: Apache-2.0
"""The answer to a message: to whom it goes, what it says, and what it never repeats."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from wardkeep.watch.hl7 import Code, answer_to

AT = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
MESSAGE = b"MSH|^~\\&|HIS|H1|WK|H2|20260302080000||ADT^A01^ADT_A01|C7|T|2.5||||||UNICODE UTF-8\rPID|1||P1\r"


def test_sender_and_receiver_change_places() -> None:
    msh, msa = answer_to(MESSAGE, Code.ACCEPTED, at=AT).split(b"\r")[:2]
    fields = msh.split(b"|")
    assert fields[2:6] == [b"WK", b"H2", b"HIS", b"H1"]
    assert fields[6] == b"20260302080000+0000"
    assert fields[8] == b"ACK^A01"
    assert fields[10:12] == [b"T", b"2.5"]
    assert fields[17] == b"UNICODE UTF-8"
    assert msa == b"MSA|AA|C7"


def test_the_delimiters_of_the_message_are_those_of_the_answer() -> None:
    message = b"MSH$*~\\&$HIS$H$WK$H$2026$$ORU*R01$9$P$2.3\r"
    msh, msa = answer_to(message, Code.ERROR, at=AT, text="charset: not $ known").split(b"\r")[:2]
    assert msh.startswith(b"MSH$*~\\&$WK$H$HIS$H$") and b"$ACK*R01$" in msh
    assert msa == b"MSA$AE$9$charset: not   known"


@pytest.mark.parametrize("message", [b"", b"garbage", b"\x00\xff" * 50, b"MSH", b"MSH|", b"MSH|^~\\&"])
def test_what_is_no_message_is_answered_too(message: bytes) -> None:
    answer = answer_to(message, Code.ERROR, at=AT, text="not-hl7: no header")
    assert answer.startswith(b"MSH|") and b"\rMSA|AE||not-hl7: no header\r" in answer


@pytest.mark.parametrize(
    "accept, code, wire",
    [
        (b"AL", Code.ACCEPTED, b"CA"),
        (b"AL", Code.REJECTED, b"CR"),
        (b"ER", Code.ACCEPTED, None),
        (b"ER", Code.ERROR, b"CE"),
        (b"SU", Code.ERROR, None),
        (b"NE", Code.ERROR, None),
    ],
)
def test_who_asks_for_accept_acknowledgements_gets_those(accept: bytes, code: Code, wire: bytes | None) -> None:
    message = b"MSH|^~\\&|HIS|H|WK|H|2026||ADT^A01|9|P|2.4|||" + accept + b"|NE\r"
    answer = answer_to(message, code, at=AT)
    assert (b"\rMSA|" + wire + b"|9\r" in answer) if wire else answer == b""


def test_the_same_message_gets_the_same_answer() -> None:
    assert answer_to(MESSAGE, Code.ACCEPTED, at=AT) == answer_to(MESSAGE, Code.ACCEPTED, at=AT)
    assert answer_to(MESSAGE, Code.ACCEPTED, at=AT) != answer_to(MESSAGE, Code.ERROR, at=AT)
