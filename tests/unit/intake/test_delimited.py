# SPDX-License-Identifier: Apache-2.0
"""Delimited exports and the hospital folder's events: every rule of the mapping, every way a row can fail."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.intake.reading import one, read, refused
from wardkeep.watch.event import AccessEvent, Kind, Rejected, TimeQuality
from wardkeep.watch.intake.mapping import Mapping, parse_mapping
from wardkeep.watch.intake.opening import Source
from wardkeep.watch.intake.planning import Readable, plan
from wardkeep.watch.intake.replaying import reread
from wardkeep.watch.intake.row import Row

NOON = 1_772_410_500_000_000
HEAD = (
    b"event_id,time,account,patient_id,action,resource,count,purpose,breakglass,outcome,system,workstation,ip,site,"
    b"session_id,query,duration_s\n"
)
ROW = b'E1,2026-03-02T08:15:00+08:00,u1,P1,read,Encounter,3,treatment,1,denied,EMR,W1,10.0.0.1,main,s1,"a ""b""",1.5\n'


SITE = 'time = "t"\naction = "a"\nsite = "s"'
SITE_ROW = "t,a,s\n2026-03-02 08:15:00,read,北院\n"


def mapping(more: str = "", columns: str = 'time = "t"\naccount = "u"\npatient_id = "p"\naction = "a"') -> Mapping:
    top = "\n".join(line for line in more.splitlines() if not line.startswith("["))
    if "[" in more and "\n[" in "\n" + more:
        top, _, rest = ("\n" + more).partition("\n[")
        rest = "[" + rest
    else:
        rest = ""
    return parse_mapping(
        f'name = "m"\nsystem = "HIS"\nzone = "Asia/Shanghai"\n{top}\n[columns]\n{columns}\n{rest}', "m.toml"
    )


def test_a_row_of_the_hospital_folder_is_read_in_full() -> None:
    assert one(HEAD + ROW, "events.csv") == AccessEvent(
        event_id="E1", time=NOON, time_quality=TimeQuality.OFFSET, account="u1", patients=("P1",), action="read",
        resource="Encounter", count=3, purpose="treatment", breakglass=True, outcome="denied", system="EMR", workstation="W1",
        ip="10.0.0.1", site="main", session_id="s1", query='a "b"', duration_ms=1500, kind=Kind.ACCESS, format="hospital",
        source="events.csv", position="2", raw_sha256=hashlib.sha256(ROW.rstrip(b"\n")).digest(),
    )  # fmt: skip


def test_columns_come_in_any_order_and_unknown_ones_are_kept() -> None:
    event = one(
        b"\xef\xbb\xbfmood,action,time,account,empty\r\ngood,login,2026-03-02T08:15:00+08:00,u1,\r\n", "events-2.csv"
    )
    assert (event.action, event.account, event.system) == ("login", "u1", "hospital")
    assert event.extra == {"columns": {"mood": "good"}}
    assert (event.count, event.outcome, event.breakglass, event.event_id, event.patients) == (
        1,
        "success",
        False,
        None,
        (),
    )


@pytest.mark.parametrize(
    "change, reason",
    [
        ((b"2026-03-02T08:15:00+08:00", b"2026-03-02T08:15:00"), "bad-time: no offset"),
        ((b"2026-03-02T08:15:00+08:00", b""), "bad-time"),
        ((b",read,", b",devour,"), "unmapped-action"),
        ((b",read,", b",,"), "no-action"),
        ((b",denied,", b",maybe,"), "unmapped-outcome"),
        ((b",1,denied", b",2,denied"), "unmapped-breakglass"),
        ((b",3,treat", b",-3,treat"), "bad-number: count"),
        ((b",3,treat", b",1e3,treat"), "bad-number: count"),
        ((b",1.5", b",nan"), "bad-number: duration_s"),
        ((b",1.5", b",-1"), "bad-number: duration_s"),
        ((b",1.5", b",1e400"), "bad-number: duration_s"),
        ((b",1.5", b",1.5,6"), "cells: 18 cells where 17"),
        ((b"E1,", b"E1\0,"), "nul-byte"),
        ((b"Encounter", b"\xff\xfe"), "bad-encoding"),
    ],
)
def test_a_row_that_breaks_a_rule_is_kept_with_the_reason(change: tuple[bytes, bytes], reason: str) -> None:
    row = ROW.replace(*change)
    found = read(HEAD + row + ROW, "events.csv")
    assert isinstance(found[0], Rejected) and isinstance(found[1], AccessEvent)
    piece = found[0]
    assert piece.reason.startswith(reason)
    assert (piece.raw, piece.head, piece.position, piece.format) == (row.rstrip(b"\n"), HEAD, "2", "hospital")
    for value in ("u1", "P1", "devour", "maybe"):
        assert value not in piece.reason


def test_a_header_that_lacks_a_needed_column_rejects_the_file_once() -> None:
    piece = refused(b"event_id,account,action\nE1,u1,read\nE2,u1,read\n", "events.csv")
    assert piece.reason == "bad-header: column 'time', which is to become time, is not there"
    assert piece.raw == b"event_id,account,action\nE1,u1,read\nE2,u1,read\n"


@pytest.mark.parametrize(
    "more, columns, row, expected",
    [
        ('separator = "|"', None, "t|u|p|a\n2026-03-02 08:15:00|u1|P1|read\n", {"account": "u1"}),
        ("header = false", "time = 2\naccount = 1\naction = 3", "u1,2026-03-02 08:15:00,read\n", {"position": "1"}),
        (
            'time_format = "%Y%m%d %H%M%S"', 'time = ["d", "c"]\naction = "a"', "d,c,a\n20260302,081500,login\n",
            {"action": "login", "time_quality": "zone"},
        ),
        ('[values.action]\n"*" = "query"', None, "t,u,p,a\n2026-03-02 08:15:00,u,,打印\n", {"action": "query"}),
        ('[values.action]\n"start" = "other"', None, "t,u,p,a\n2026-03-02 08:15:00,u1,,start\n", {"kind": "other"}),
        ('[values.action]\n"" = "read"', None, "t,u,p,a\n2026-03-02 08:15:00,u1,,\n", {"action": "read"}),
        (
            '[lists]\npatient_id = ";"', None, "t,u,p,a\n2026-03-02 08:15:00,u1,P1; P2;;P1,read\n",
            {"patients": ("P1", "P2")},
        ),
        ('[constants]\nsite = "east"\ncount = 4\nbreakglass = true', None, "t,u,p,a\n2026-03-02 08:15:00,u1,P1,read\n",
         {"site": "east", "count": 4, "breakglass": True}),
        ('empty = ["NULL", "\\\\N"]', None, "t,u,p,a\n2026-03-02 08:15:00,NULL,\\N,read\n", {"account": None, "patients": ()}),
        ("skip_lines = 2", None, "report\n=====\nt,u,p,a\n2026-03-02 08:15:00,u1,P1,read\n", {"position": "4"}),
        ('quote = "\'"', None, "t,u,p,a\n2026-03-02 08:15:00,'u,1',P1,read\n", {"account": "u,1"}),
        ('optional = ["ip"]', 'time = "t"\nip = "nowhere"\naction = "a"', "t,a\n2026-03-02 08:15:00,read\n", {"ip": None}),
        ("", 'time = "zeit|T"\naccount = "U"\naction = "a"', "t,u,a\n2026-03-02 08:15:00,u1,READ\n", {"action": "read"}),
        ("", None, "t,u,p,a\n2026-03-02 08:15:00, u1 ,　P1,read\n", {"account": "u1", "patients": ("P1",)}),
        ("[values.site]\n\"本部\" = \"main\"", SITE, SITE_ROW, {"site": "北院"}),
        ("[values.site]\n\"*\" = \"main\"", SITE, SITE_ROW, {"site": "main"}),
    ],
)  # fmt: skip
def test_a_mapping_is_followed(more: str, columns: str | None, row: str, expected: dict[str, Any]) -> None:
    said = mapping(more, columns) if columns else mapping(more)
    event = one(row.encode(), "x.csv", mapping=said)
    assert event.time == NOON
    assert event.format == "delimited:m"
    assert {key: getattr(event, key) for key in expected} == expected


TEXT = st.text(
    st.characters(blacklist_categories=["Cs", "Cc", "Zs", "Zl", "Zp", "Cn", "Co"], blacklist_characters="\ufeff"),
    max_size=6,
)


@given(
    st.lists(st.tuples(TEXT, TEXT, st.sampled_from(["read", "print"])), min_size=1, max_size=5),
    st.sampled_from([("gb18030", b""), ("gb18030", b"\x84\x31\x95\x33"), ("utf-8", b""), ("utf-8", b"\xef\xbb\xbf"),
                     ("utf-16", b"\xff\xfe"), ("utf-16", b"\xfe\xff"), ("utf-16-le", b""), ("utf-16-be", b"")]),
    st.sampled_from([",", ";", "\t", "|", "^", "||"]),
    st.booleans(),
)  # fmt: skip
def test_rows_of_any_encoding_and_separator_are_read_back(
    rows: list[tuple[str, str, str]], encoding: tuple[str, bytes], separator: str, header: bool
) -> None:
    name, mark = encoding
    codec = name if name != "utf-16" else ("utf-16-le" if mark == b"\xff\xfe" else "utf-16-be")
    lines = [separator.join(("时", "工", "患", "作"))] if header else []
    for account, patient, action in rows:
        cells = ("2026-03-02 08:15:00", account, patient, action)
        lines.append(separator.join('"' + cell.replace('"', '""') + '"' for cell in cells))
    data = mark + "".join(line + "\r\n" for line in lines).encode(codec)
    columns = (
        'time = "时"\naccount = "工"\npatient_id = "患"\naction = "作"'
        if header
        else "time = 1\naccount = 2\npatient_id = 3\naction = 4"
    )
    text = separator.replace("\t", "\\t")
    said = mapping(f'encoding = "{name}"\nseparator = "{text}"\nheader = {str(header).lower()}', columns)
    found = read(data, "x.csv", mapping=said)
    assert [(e.account or "", "".join(e.patients), e.action) for e in found if isinstance(e, AccessEvent)] == rows


GLOBS = (
    '[values.action]\n"sel*" = "read"\n"select into*" = "create"\n"*份" = "export"\n"SELECT" = "query"\n"a*c*e" = "print"\n'
    'Lesen = "read"\n'
)


@pytest.mark.parametrize(
    "cell, action",
    [
        ("SELECT", "query"),  # as it is written, before any that only fits
        ("select", "read"),
        ("Select Into x", "create"),  # the longest counts
        ("备份", "export"),
        ("xaxbcxde", None),
        ("abcde", "print"),
        ("ace", "print"),
        ("*", None),
        ("", None),
        ("LESEN", "read"),  # in other case, where no pattern fits
    ],
)
def test_a_star_within_a_word_of_a_value_map_stands_for_any_text(cell: str, action: str | None) -> None:
    data = f"t,u,p,a\n2026-03-02 08:15:00,u1,P1,{cell}\n".encode()
    (found,) = read(data, "x.csv", mapping=mapping(GLOBS))
    assert (found.action if isinstance(found, AccessEvent) else None) == action


def test_what_has_no_column_of_its_own_is_kept_under_a_name() -> None:
    made = mapping('[extra]\nprogram = "工具|prog"\nnowhere = "gone"\n', columns='time = "t"\naction = "a"')
    event = one(b"t,a,prog,b\n2026-03-02 08:15:00,read,plsql,x\n", "x.csv", mapping=made)
    assert event.extra == {"program": "plsql", "columns": {"b": "x"}}
    event = one(b"t,a,prog\n2026-03-02 08:15:00,read,\n", "x.csv", mapping=made)
    assert event.extra == {}


@pytest.mark.parametrize("codec, end", [("utf-8", "\n"), ("gb18030", "\r\n"), ("utf-16-le", "\n")])
@pytest.mark.parametrize("torn", ["2026-03-02 08:15:02,u3,P0012,读", '"2026-03-02 08:15:02",u3,P0012,"读"'])
def test_a_last_line_without_an_end_is_set_aside_and_read_on_replay(codec: str, end: str, torn: str) -> None:
    made = mapping(f'encoding = "{codec}"\n[values.action]\n"读" = "read"')
    head = f"t,u,p,a{end}"
    data = (head + f"2026-03-02 08:15:00,u1,P00123,读{end}2026-03-02 08:15:01,u2,P2,读{end}").encode(codec)
    first, second, cut = read(data + torn.encode(codec), "x.csv", mapping=made)
    assert isinstance(first, AccessEvent) and isinstance(second, AccessEvent)
    assert isinstance(cut, Rejected) and cut.reason.startswith("unfinished") and cut.position == "4"
    (event,) = reread(cut, zone="Asia/Shanghai", mapping=made)
    assert isinstance(event, AccessEvent) and event.patients == ("P0012",)
    for behind in ("", end, f"{end} ", "\x1a", f"{end}{end}"):
        found = read(data + behind.encode(codec), "x.csv", mapping=made)
        assert [type(one) for one in found[:2]] == [AccessEvent] * 2
    # Where no line of rows has an end, the file is a row that was cut out of one, or has but one.
    (alone,) = read((head + torn).encode(codec), "x.csv", mapping=made)
    assert isinstance(alone, AccessEvent)


def test_a_last_line_is_torn_also_where_it_stands_alone_in_its_block() -> None:
    data = b"t,u,p,a\n" + b"2026-03-02 08:15:00,u1,P1,read\n" * 50
    with Source.of_bytes(data, "x.csv") as source:
        readable = plan(source, zone="Asia/Shanghai", form="delimited", mapping=mapping())
    assert isinstance(readable, Readable)
    reader, line = readable.plan.reader(), data.splitlines()[-1]
    assert isinstance(reader.parse(line, 52)[0], Rejected) and isinstance(reader.parse(line + b"\n", 52)[0], Row)
    assert isinstance(reader.parse(line, 2)[0], Row)
