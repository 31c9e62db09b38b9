# SPDX-License-Identifier: Apache-2.0
"""What a source of an archive may say, what its lists mean, and how far its days are sealed."""

from __future__ import annotations

import tomllib
from datetime import date, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from wardkeep.watch.pull import BadAnswer, BadSource
from wardkeep.watch.pull.dicomweb import (
    Image,
    Listed,
    Multipart,
    PacsSource,
    Prints,
    SealedDays,
    boundary_of,
    images_in,
    print_of,
    read_days,
    studies_in,
)
from wardkeep.watch.pull.record_source import RecordSource, parse_record_source

GOOD = {
    "name": "pacs", "url": "https://pacs.hospital.example/dicom-web", "user": "auditor", "password_file": "x",
    "system": "PACS", "start": "2026-01-01",
}  # fmt: skip


def source(**more: Any) -> PacsSource | RecordSource:
    keys = {key: value for key, value in {**GOOD, **more}.items() if value is not None}
    return parse_record_source("".join(f"{key} = {value!r}\n" for key, value in keys.items()), "pacs.toml")


def test_an_address_of_the_web_is_an_archive() -> None:
    found = source()
    assert isinstance(found, PacsSource)
    assert (found.kind, found.start, found.overlap_days, found.largest) == ("study", date(2026, 1, 1), 3, 512)
    assert tomllib.loads("start = 2026-01-01")["start"] == found.start
    assert isinstance(source(url="http://127.0.0.1:8042/dicom-web"), PacsSource)
    assert isinstance(source(user=None, password_file=None, token_file="t"), PacsSource)


@pytest.mark.parametrize(
    "wrong, said",
    [
        ({"url": "http://pacs.hospital.example/dicom-web"}, "url is not encrypted"),
        ({"url": "https://auditor:geheim@pacs.example/dw"}, "url holds an account"),
        ({"url": "https://geheim@pacs.example/dw"}, "url holds an account"),
        ({"url": "https://pacs.example/dw?token=geheim"}, "url holds a question"),
        ({"url": "https://"}, "url is no address"),
        ({"url": "https://pacs.example:geheim/"}, "url is no address"),
        ({"url": "https://pacs.example/d w"}, "url is no address"),
        ({"url": "https://[::1/dw"}, "url is no address"),
        ({"url": "http://127.0.0.1:8042/dw", "ca_file": "ca.pem"}, "ca_file is there"),
        ({"verify": "no"}, "unknown field `verify`"),
        ({"user": None}, "belong together"),
        ({"password_file": None}, "belong together"),
        ({"token_file": "t"}, "named twice"),
        ({"user": "a:b"}, "holds a colon"),
        ({"system": " "}, "system is empty"),
        ({"name": "PACS 1"}, "name is 'PACS 1'"),
        ({"start": None}, "missing required field `start`"),
        ({"start": "2026-13-01"}, "start"),
        ({"start": "1066-01-01"}, "start is 1066-01-01"),
        ({"zone": "Asia/Nowhere"}, "zone is 'Asia/Nowhere'"),
        ({"overlap_days": 0}, "overlap_days is 0"),
        ({"settle": 300_000}, "settle is 300000"),
        ({"largest": 0}, "largest is 0"),
        ({"rate": -1}, "rate is -1"),
        ({"view": "v"}, "unknown field `view`"),
    ],
)
def test_a_source_that_breaks_a_rule_is_refused_without_its_secrets(wrong: dict[str, Any], said: str) -> None:
    with pytest.raises(BadSource) as told:
        source(**wrong)
    assert said in str(told.value) and "geheim" not in f"{told.value} {told.value.hint}"


def rows(*found: dict[str, Any]) -> bytes:
    return msgspec.json.encode([{tag: {"Value": [value]} for tag, value in row.items()} for row in found])


def test_of_a_list_numbers_and_times_are_taken() -> None:
    named = {"0020000D": "1.2.3", "00080020": "20260302", "00080030": "081500.25", "00201208": "12"}
    found = studies_in(
        rows(named, {"0020000D": "1.2.4", "00080020": "2026.03.02", "00201208": 3}, {"0020000D": "1.2.5"})
    )
    day = date(2026, 3, 2)
    assert found == [
        Listed(study="1.2.3", day=day, begun=datetime(2026, 3, 2, 8, 15), images=12),
        Listed(study="1.2.4", day=day, begun=datetime(2026, 3, 2), images=3),
        Listed(study="1.2.5", day=None, begun=None, images=None),
    ]
    assert images_in(rows({"0020000E": "1.2", "00080018": "1.2.7"})) == [Image(series="1.2", image="1.2.7")]
    assert studies_in(b"[]") == []
    for number in ("", "../x", "1.2/3", "1" * 65, "1.2\r\n", 5):
        with pytest.raises(BadAnswer, match="without a number"):
            images_in(rows({"0020000E": number, "00080018": "1.2.7"}))


def test_parts_are_the_same_however_they_come() -> None:
    data = (
        b"before\r\n--b b\r\nContent-Type: application/dicom\r\nContent-Length: 5\r\n\r\nab\r\nc\r\n--b b  \r\n\r\n\r\n"
        b"--b b\r\n\r\n\r\n--b\r\n--b b--\r\nafter"
    )
    for step in range(1, len(data)):
        parts, found = Multipart(b"b b", largest=100), []
        for at in range(0, len(data), step):
            found += parts.feed(data[at : at + step])
        parts.close()
        assert found == [b"ab\r\nc", b"", b"\r\n--b"], step
    assert boundary_of('Multipart/Related; boundary="b b"; type="application/dicom"') == b"b b"
    for wrong in ("application/dicom", "multipart/related", 'multipart/related; boundary="' + "b" * 71 + '"', ""):
        with pytest.raises(BadAnswer):
            boundary_of(wrong)


def test_prints_say_which_image_was_not_sealed_and_name_nothing(tmp_path: Path) -> None:
    day, prints = date(2026, 3, 2), Prints(tmp_path / "pacs.images")
    sealed = [print_of("1.2.3", f"1.2.3.{n}", "d") for n in range(3)]
    assert prints.of(day, "1.2.3") == frozenset()
    prints.keep(day, {"1.2.3": sealed[:2], "1.2.4": ["x" * 8]})
    prints.keep(day, {"1.2.3": sealed[2:]})  # what comes later is added
    assert prints.of(day, "1.2.3") == frozenset(sealed) and prints.of(date(2026, 3, 3), "1.2.3") == frozenset()
    assert print_of("1.2.3", "1.2.3.0", "e") not in sealed and print_of("1.2.4", "1.2.3.0", "d") not in sealed
    [kept] = (tmp_path / "pacs.images").iterdir()
    assert kept.name == "20260302.json" and "1.2" not in kept.read_text()
    kept.write_text("{")
    assert prints.of(day, "1.2.3") == frozenset()  # a hint less


def test_a_study_is_read_again_when_its_images_are_others_and_old_days_are_forgotten(tmp_path: Path) -> None:
    given = source(overlap_days=2)
    assert isinstance(given, PacsSource)
    days = [date(2026, 3, n) for n in range(1, 10)]
    listed = [Listed(study=f"1.2.{day.day}", day=day, begun=None, images=5) for day in days]
    state = SealedDays(url=given.url, last=given.start).with_read(listed).with_day(days[-1], given)
    assert state.begin(given) == days[-3] and sorted(state.seen) == days[-3:]
    more = Listed(study="1.2.9", day=days[-1], begun=None, images=6)
    assert state.has(listed[-1]) and not state.has(more)
    (tmp_path / "pacs.json").write_bytes(msgspec.json.encode(state))
    assert read_days(tmp_path / "pacs.json") == state
    uncounted = Listed(study="1.2.9", day=days[-1], begun=None, images=None)
    assert not state.with_read([uncounted]).has(uncounted)
    (tmp_path / "pacs.json").write_text("{")
    with pytest.raises(BadSource, match="cannot be read"):
        read_days(tmp_path / "pacs.json")
    assert read_days(tmp_path / "nothing.json") is None
