# SPDX-License-Identifier: Apache-2.0
"""`wardkeep records --from` an archive of images: sealed, checked, and every night with the other sources."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.acceptance.program import Program
from tests.acceptance.test_record_sources import configured
from tests.integration.pull.archive import NAME, PATIENT, Fake, a_fake, taken

SOURCE = """
name = "pacs"
url = "http://127.0.0.1:{port}/dw"
user = "auditor"
password_file = "secret"
system = "PACS"
start = 2026-03-01
sample = 3
"""


@pytest.fixture
def fake() -> Iterator[Fake]:
    with a_fake() as found:
        yield found


@pytest.fixture
def source(tmp_path: Path, fake: Fake) -> Path:
    """A source of four studies."""
    (tmp_path / "secret").write_text("geheim")
    (tmp_path / "secret").chmod(0o600)
    path = tmp_path / "pacs.toml"
    path.write_text(SOURCE.format(port=fake.port))
    return path


def test_studies_of_an_archive_are_sealed_and_what_was_done_behind_is_named(
    program: Program, source: Path, fake: Fake
) -> None:
    first = program.json("records", "seal", "--from", source)
    assert (first["read"], first["sealed"], first["different"], first["unusable"]) == (4, 4, 0, 0)
    assert program.call("records", "check", "--from", source, "--whole", "--json").lines == []
    fake.images["1.2.3.3.1.1"] = taken(3, 1, PixelData=bytes(512))
    fake.images["1.2.3.5.1.0"] = b"no image any more"
    fake.images = {name: data for name, data in fake.images.items() if not name.startswith("1.2.3.4.")}
    fake.images["1.2.3.2.1.7"] = taken(2, 7)
    said = program.call("records", "check", "--from", source, "--whole", "--json", status=1)
    assert sorted((line["record"], line["problem"], line["kind"]) for line in said.lines) == [
        ("1.2.3.2", "changed", "study"), ("1.2.3.3", "changed", "study"), ("1.2.3.4", "missing", "study"),
        ("1.2.3.5", "changed", "study"),
    ]  # fmt: skip
    assert "1.2.3.5: no DICOM, not there, or other images: 1.2.3.5.1.0" in said.err
    assert not any(one in said.err for one in (NAME, PATIENT, "geheim"))
    program.verify()


def test_the_night_draws_as_many_studies_as_their_source_says_and_says_when_none_could_be_asked_for(
    program: Program, source: Path, fake: Fake
) -> None:
    configured(program, str(source))
    first = program.call("records", "nightly", "--json").one
    assert (first["source"], first["outcome"], first["sealed"], first["compared"]) == ("pacs", "checked", 4, 3)
    fake.twist = lambda asked: not asked.say(401, NAME.encode(), "text/plain")
    second = program.call("records", "nightly", "--json", status=3).one
    assert (second["outcome"], second["compared"]) == ("not_evaluated", 0)
    assert "pacs: refused with status 401" in second["reason"] and NAME not in second["reason"]
