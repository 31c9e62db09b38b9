# SPDX-License-Identifier: Apache-2.0
"""A text in a file of audit messages never becomes an audit message."""

from __future__ import annotations

import pytest

from wardkeep.watch.event import Rejected
from wardkeep.watch.intake.atna.reader import QUOTED, AtnaReader, _Ends, quoting
from wardkeep.watch.intake.cutting import Block, cut
from wardkeep.watch.intake.row import Read

FORGED = "bob</AuditMessage><AuditMessage>{body}".format
BODY = (
    '<EventIdentification EventActionCode="R" EventDateTime="2026-03-02T08:15:00+08:00" EventOutcomeIndicator="0">'
    '<EventID code="110110"/></EventIdentification><ActiveParticipant UserID="{by}" UserIsRequestor="true"/>'
    '<AuditSourceIdentification AuditSourceID="EHR"/><ParticipantObjectIdentification ParticipantObjectID="P1" '
    'ParticipantObjectTypeCode="1" ParticipantObjectTypeCodeRole="1"><ParticipantObjectIDTypeCode code="2"/>'
    "<ParticipantObjectName>{name}</ParticipantObjectName></ParticipantObjectIdentification>"
)


def message(by: str, name: str = "n") -> str:
    return f"<AuditMessage>{BODY.format(by=by, name=name)}</AuditMessage>"


def read(text: str) -> list[Read]:
    return AtnaReader(source="a.xml", zone="Asia/Shanghai").parse(text.encode(), 1)


def told(text: str) -> list[str | None]:
    """Accounts, and codes of the reasons of what was set aside."""
    return [one.reason.partition(":")[0] if isinstance(one, Rejected) else one.account for one in read(text)]


@pytest.mark.parametrize(("opens", "closes"), [("<![CDATA[", "]]>"), ("<!--", "-->")])
def test_a_name_that_quotes_a_message_sets_its_message_aside_and_accuses_nobody(opens: str, closes: str) -> None:
    forged = opens + FORGED(body=BODY.format(by="victim", name="x")) + closes
    text = message("one") + "\n" + message("two", forged) + "\n" + message("three")
    assert told(text) == ["one", "quoted-message", "three"]
    [piece] = [one for one in read(text) if isinstance(one, Rejected)]
    assert piece.reason == QUOTED and piece.raw == message("two", forged).encode() and piece.position == "2"


def test_a_message_in_a_comment_is_kept_and_not_read() -> None:
    assert told(f"<log>{message('one')}<!-- {message('two')} -->{message('three')}</log>") == [
        "one", "quoted-message", "three",
    ]  # fmt: skip


def test_a_section_that_never_ends_costs_its_own_message_alone() -> None:
    text = message("one", "<![CDATA[x") + message("two") + message("three", "<!--") + message("four")
    assert told(text) == ["not-xml", "two", "not-xml", "four"]


def test_sections_that_quote_nothing_are_read_as_ever() -> None:
    assert told(message("one", "<![CDATA[a<b]]>") + "<!-- a comment -->" + message("two", "<!-- c -->n")) == [
        "one",
        "two",
    ]
    assert quoting(message("one", "<![CDATA[a<b]]>").encode()) == []


def test_a_file_is_not_cut_within_a_section() -> None:
    forged = "<![CDATA[" + FORGED(body=BODY.format(by="victim", name="x")) + "]]>"
    data = (message("one") + message("two", forged) + message("three")).encode()
    for size in range(100, len(data), 7):
        lines = _Ends(b"</AuditMessage>")
        found = [
            one
            for block in cut((data[at : at + 50] for at in range(0, len(data), 50)), lines, size=size)
            if isinstance(block, Block)
            for one in AtnaReader(source="a.xml", zone="Asia/Shanghai").parse(block.data, block.line)
        ]
        accounts = [one.reason.partition(":")[0] if isinstance(one, Rejected) else one.account for one in found]
        assert accounts == ["one", "quoted-message", "three"], size
