# SPDX-License-Identifier: Apache-2.0
"""The quick way never says anything else than the careful way, on what is whole and on what is broken."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.intake.atna.messages import audit, participant, patient, thing
from wardkeep.watch.intake.atna.markup import BadXml
from wardkeep.watch.intake.atna.message import Messages
from wardkeep.watch.intake.atna.parts import BadMessage
from wardkeep.watch.intake.times import Zone

TEXT = st.sampled_from(
    ["", "u1", "王芳", "a & b", "a<b", 'say "no"', "o'neil", "x\ty", " s ", "P1^^^&1.2&ISO", "&amp;", "]]>"]
)
ZONE = Zone("Asia/Shanghai")


@st.composite
def whole(draw: st.DrawFn) -> str:
    """A well-formed message."""
    people = [
        participant(draw(TEXT), *draw(st.lists(st.sampled_from(["110153", "110152", "110150", "IRCP"]), max_size=2)))
        for _ in range(draw(st.integers(1, 3)))
    ]
    things = [patient(draw(TEXT)) for _ in range(draw(st.integers(0, 2)))]
    name = draw(st.sampled_from(["", "王芳", "A &amp; B", "x > y", "<![CDATA[x]]>", "'", '"', "\r\n", "<!-- c -->n"]))
    things += [thing(draw(TEXT), name=name, query=draw(TEXT)) for _ in range(draw(st.integers(0, 2)))]
    head = draw(
        st.sampled_from(["", '<?xml version="1.0"?>', "<?xml version='1.0' encoding='UTF-8'?>\n", "<!-- c -->"])
    )
    text = head + audit(*people, *things, dicom=draw(st.booleans()), letter=draw(st.sampled_from(["C", "E", ""])))
    if draw(st.booleans()):
        text = text.replace("><", ">\n <")
    return text


WRONG = [
    "<", ">", "&", '"', "'", "/", "<x>", "</x>", "<!-- -->", "<![CDATA[", "]]>", "\x00", "\x0b", "\ufffe", "&#65;", " ", "=",
    "<?x?>", " EventDateTime=", "<ActiveParticipant/>", "</AuditMessage>", "&amp;", "<ParticipantObjectName>", "é",
]  # fmt: skip


def agree(messages: Messages, data: bytes) -> None:
    quick = messages._quick(data, 0)
    if quick is None:
        return
    try:
        careful = messages._careful(data)
    except (BadXml, BadMessage) as exc:
        raise AssertionError(f"the quick way read what is refused: {exc}") from None
    assert quick == careful


@given(st.lists(whole(), min_size=1, max_size=3))
def test_the_two_ways_agree_on_what_is_whole(texts: list[str]) -> None:
    messages = Messages(ZONE)
    for text in texts * 2:
        agree(messages, text.encode())


def test_the_usual_builds_go_the_quick_way() -> None:
    messages = Messages(ZONE)
    for text in (
        audit(patient("P1^^^&1.2&ISO", name="王芳"), thing("D1", query="x")),
        audit(dicom=False).replace("><", ">\n  <"),
    ):
        assert messages._quick(text.encode(), 0) is not None


@settings(max_examples=300)
@given(
    whole(),
    st.lists(st.tuples(st.floats(0, 1), st.integers(0, 12), st.sampled_from([*WRONG, ""])), min_size=1, max_size=3),
)
def test_the_two_ways_agree_on_what_is_broken(text: str, changes: list[tuple[float, int, str]]) -> None:
    messages = Messages(ZONE)
    agree(messages, text.encode())  # what is remembered of the whole one must not excuse the broken one
    data = text.encode()
    for place, gone, new in changes:
        at = int(place * len(data))
        data = data[:at] + new.encode() + data[at + gone :]
    agree(messages, data)
    agree(messages, data)
    agree(messages, text.encode())
