# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from wardkeep.watch.event import AccessEvent, Rejected
from wardkeep.watch.intake import UnknownFormat, forms, planning, read_events, reread
from wardkeep.watch.intake.cutting import Block, Overlong
from wardkeep.watch.intake.form import Form
from wardkeep.watch.intake.mapping import Mapping, parse_mapping
from wardkeep.watch.intake.row import Read, to_row

MAPPING = 'name = "m"\nsystem = "s"\n[columns]\ntime = "t"\n[constants]\naction = "read"\n'


class _Bells:
    """A format of this test: `BELL`, then one account a byte; a space is no account."""

    def __init__(self, source: str, zone: str, mapping: Mapping | None) -> None:
        self.source, self.zone, self.mapping = source, zone, mapping

    def parse(self, data: bytes, first: int) -> list[Read]:
        return [self._one(byte, first + n) for n, byte in enumerate(data.decode())]

    def _one(self, byte: str, at: int) -> Read:
        if byte == " ":
            return Rejected(reason="no-account", format="bells", source=self.source, position=str(at), raw=b" ")
        said = f"{self.zone} {self.mapping.zone}" if self.mapping else self.zone
        event = AccessEvent(
            event_id=None, time=0, time_quality="zone", account=byte, patients=(), action="login", system=said,
            format="bells", source=self.source, position=str(at), raw_sha256=bytes(32),
        )  # type: ignore[arg-type]  # fmt: skip
        return to_row(event)


def _blocks(stream: Iterator[bytes], name: str) -> Iterator[Block | Overlong]:
    data = b"".join(stream).removeprefix(b"BELL")
    yield from (Block(data[n : n + 2], len(data[n : n + 2]), n + 1, n + 4) for n in range(0, len(data), 2))


@pytest.fixture(autouse=True)
def bells(monkeypatch: pytest.MonkeyPatch) -> None:
    module = ModuleType("tests_bells")
    module.recognises = lambda name, head: head.startswith((b"BELL", b" "))  # type: ignore[attr-defined]
    module.blocks, module.reader = _blocks, _Bells  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "tests_bells", module)
    listed = (Form("bells", "tests_bells", mapped=True),)
    monkeypatch.setattr(forms, "FORMS", listed)
    monkeypatch.setattr(planning, "FORMATS", (*planning.FORMATS, "bells"))


def read(tmp_path: Path, data: bytes, **how: object) -> list[AccessEvent | Rejected]:
    path = tmp_path / "bells.log"
    path.write_bytes(data)
    return list(read_events(path, zone="Asia/Shanghai", **how))  # type: ignore[arg-type]


def test_a_file_is_read_by_the_form_that_recognises_it(tmp_path: Path) -> None:
    found = read(tmp_path, b"BELLabc")
    assert [one.account for one in found if isinstance(one, AccessEvent)] == ["a", "b", "c"]
    assert [one.position for one in found] == ["1", "2", "3"]


def test_a_form_that_is_named_is_not_asked(tmp_path: Path) -> None:
    assert [one.format for one in read(tmp_path, b"ab", format="bells")] == ["bells", "bells"]
    with pytest.raises(UnknownFormat):
        read(tmp_path, b"ab", format="whistles")


def test_a_form_with_columns_gets_the_mapping_with_the_zone_of_the_hospital(tmp_path: Path) -> None:
    (one,) = read(tmp_path, b"BELLa", mapping=parse_mapping(MAPPING, "m"))
    assert isinstance(one, AccessEvent) and one.system == "Asia/Shanghai Asia/Shanghai"


def test_a_mapping_goes_past_a_form_that_takes_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forms, "FORMS", (Form("bells", "tests_bells"),))
    found = read(tmp_path, b"BELL\n", mapping=parse_mapping(MAPPING, "m"))
    assert [one.format for one in found] == ["delimited:m"]


def test_a_piece_that_a_form_rejected_is_read_by_it_again(tmp_path: Path) -> None:
    (piece,) = [one for one in read(tmp_path, b"BELLa c") if isinstance(one, Rejected)]
    assert (piece.reason, piece.position) == ("no-account", "2")
    (again,) = reread(piece, zone="Asia/Shanghai")
    assert isinstance(again, Rejected) and (again.reason, again.position) == ("no-account", "2")


def test_a_form_with_no_record_in_it_is_named(tmp_path: Path) -> None:
    (one,) = read(tmp_path, b"BELL")
    assert isinstance(one, Rejected) and (one.format, one.reason) == ("bells", "empty: the file holds no record")
