# SPDX-License-Identifier: Apache-2.0
"""From files on a desk to the parts of a list."""

from __future__ import annotations

from pathlib import Path

import pytest

from wardkeep.package import PackageUnwritable
from wardkeep.package.listing import files_of, parts_of, read_table
from wardkeep.package.part import Form


def listed(
    folder: Path, *, table: str | None = None, follows: tuple[str, ...] = (), awaited: tuple[str, ...] = ()
) -> list[str]:
    rows = {}
    if table is not None:
        (folder.parent / "t.csv").write_text(table, encoding="utf-8")
        rows = read_table(folder.parent / "t.csv", Form.COPY)
    parts, _ = parts_of(1, list(files_of([folder])), rows, form=Form.COPY, follows=follows, kept=True, awaited=awaited)
    return [part.name for part in parts]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    found = tmp_path / "records"
    (found / "影像").mkdir(parents=True)
    for name in ("b.pdf", "a.pdf", "影像/1.dcm", ".hidden", "出院小结.pdf"):
        (found / name).write_bytes(name.encode())
    return found


def test_a_folder_is_read_in_order_with_what_lies_below_and_nothing_hidden(folder: Path) -> None:
    assert listed(folder) == ["a.pdf", "b.pdf", "出院小结.pdf", "影像/1.dcm"]


def test_a_file_that_was_awaited_has_the_name_under_which_it_was_and_no_other_has(folder: Path) -> None:
    assert listed(folder, awaited=("出院小结", "a.pdf")) == ["a.pdf", "b.pdf", "出院小结", "影像/1.dcm"]


def test_a_table_names_files_and_says_what_they_are(folder: Path) -> None:
    parts, inside = parts_of(
        2,
        list(files_of([folder / "a.pdf"])),
        read_table(_table(folder, "file,name,kind,form,pages\na.pdf,入院记录,住院志,original,6\n"), Form.COPY),
        form=Form.COPY,
        follows=("病理",),
        kept=True,
    )
    assert [(one.name, one.kind, one.form, one.pages) for one in parts] == [
        ("入院记录", "住院志", Form.ORIGINAL, 6),
        ("病理", "record", Form.COPY, None),
    ]
    assert list(inside) == ["parts/0002/0001.pdf"]


@pytest.mark.parametrize(
    "table, reason",
    [
        ("file,colour\n", "its first line names"),
        ("name\n", "its first line names"),
        ("file,pages\na.pdf,six\n", "line 2"),
        ("file,form\na.pdf,fax\n", "line 2"),
        ("file,name\na.pdf,b.pdf\n", "two parts have one name"),
        ("file,name\nno.pdf,x\n", "was not given"),
        ("file,name\na.pdf,a\u202eb\n", "no printable text"),
    ],
)
def test_a_table_that_does_not_fit_is_refused(table: str, reason: str, folder: Path) -> None:
    with pytest.raises(PackageUnwritable, match=reason):
        listed(folder, table=table)


def test_a_list_of_nothing_is_refused(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(PackageUnwritable, match="at least one part"):
        listed(tmp_path / "empty")


def _table(folder: Path, text: str) -> Path:
    path = folder.parent / "table.csv"
    path.write_text(text, encoding="utf-8")
    return path
