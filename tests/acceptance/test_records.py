# SPDX-License-Identifier: Apache-2.0
"""`wardkeep records`: what signed records said is sealed, and what was changed behind is named."""

from __future__ import annotations

from pathlib import Path

from tests.acceptance.messages import feed, message, pid
from tests.acceptance.program import Program, stored

HEADER = "id,body,signed,pid,who\n"
ROWS = {
    "r1": "r1,stable,2026-03-02T08:00:00+08:00,p1,s1\n",
    "r2": "r2,improving,2026-03-03T08:00:00+08:00,p1,s1\n",
    "r3": "r3,discharged,2026-03-05T08:00:00+08:00,p1,s1\n",
}
OPTIONS = ("--key", "id", "--content", "body", "--time", "signed", "--patient", "pid", "--by", "who")
NOTE = message(
    "MDM^T02", "1", "20260304080000", pid("p1"), "TXA|1|DS|TX|20260304080000|s1|||||||DOC1|||||LA",
    "OBX|1|TX|DS||出院诊断||||||F",
)  # fmt: skip


def export(path: Path, **changed: str | None) -> Path:
    rows = {**ROWS, **changed}
    path.write_text(HEADER + "".join(row for row in rows.values() if row), encoding="utf-8")
    return path


def test_a_record_that_was_changed_removed_or_put_in_behind_is_named(program: Program, tmp_path: Path) -> None:
    before = export(tmp_path / "before.csv")
    assert program.json("records", "seal", before, *OPTIONS) == {
        "read": 3, "sealed": 3, "unusable": 0, "different": 0,
    }  # fmt: skip
    assert program.json("records", "seal", before, *OPTIONS)["sealed"] == 0
    assert program.call("records", "check", before, "--whole", *OPTIONS, "--json").lines == []
    after = export(
        tmp_path / "after.csv",
        r1="r1,never well,2026-03-02T08:00:00+08:00,p1,s1\n",
        r2=None,
        r4="r4,consent was given,2026-03-04T08:00:00+08:00,p1,s1\n",
    )
    said = program.call("records", "check", after, "--whole", *OPTIONS, "--json", status=1)
    assert [(line["record"], line["problem"], line["patient_id"]) for line in said.lines] == [
        ("r1", "changed", "p1"), ("r2", "missing", "p1"), ("r4", "back_dated", "p1"),
    ]  # fmt: skip
    assert "never well" not in said.out + said.err
    assert len(program.call("records", "check", after, *OPTIONS, "--json", status=1).lines) == 2
    refused = program.call("records", "seal", after, *OPTIONS, "--json", status=1)  # it would pass for what was signed
    assert (refused.one["sealed"], refused.one["different"]) == (0, 2)
    assert "not sealed: changed  EMR r1" in refused.err and "not sealed: back-dated  EMR r4" in refused.err
    assert ("r1", "changed") in [
        (line["record"], line["problem"])
        for line in program.call("records", "check", after, *OPTIONS, "--json", status=1).lines
    ]
    late = program.call(
        "records", "seal", after, *OPTIONS, "--late", "--json", status=1
    )  # a person says that r4 came late
    assert (late.one["sealed"], late.one["different"]) == (1, 1)
    program.verify()


def test_a_signed_document_of_a_feed_is_sealed_when_it_is_read(program: Program, tmp_path: Path) -> None:
    program.json("ingest", feed(tmp_path / "m", NOTE))
    again = feed(tmp_path / "n", NOTE.replace("出院诊断", "另一个诊断")) / "feed-1.hl7"
    [line] = program.call("records", "check", again, "--json", status=1).lines
    assert (line["system"], line["record"], line["problem"]) == ("HIS", "document/DOC1", "changed")
    assert program.call("records", "check", tmp_path / "m" / "feed-1.hl7", "--json").lines == []
    assert stored(program.home, "SELECT count(*) FROM all_events WHERE format = 'hl7'") == [(1,)]


def test_a_record_that_was_changed_with_a_later_time_is_sealed_and_named_until_somebody_explains_it(
    program: Program, tmp_path: Path
) -> None:
    program.json("records", "seal", export(tmp_path / "before.csv"), *OPTIONS)
    assert "no signed record waits to be looked at" in program.call("records", "doubts").err
    after = export(tmp_path / "after.csv", r1="r1,never well,2026-03-02T08:00:01+08:00,p1,s1\n")
    said = program.call("records", "seal", after, *OPTIONS, "--json", status=1)
    assert (said.one["sealed"], said.one["different"]) == (1, 1)
    assert "sealed, and to be looked at: amended without saying so  EMR r1" in said.err
    assert program.call("records", "check", after, *OPTIONS, "--json").lines == []  # it is what was sealed
    [line] = program.call("records", "doubts", "--json", status=1).lines
    assert (line["record"], line["problem"], line["patient_id"]) == ("r1", "unmarked", "p1")
    program.verify()


def test_a_result_that_a_message_calls_final_is_not_sealed_over_another(program: Program, tmp_path: Path) -> None:
    def result(value: str, control: str) -> str:
        obr = "OBR|1|O1|F1|GLU|||20260304080000|||||||||||||||20260304081500||CH|F"
        return message("ORU^R01", control, "20260304081500", pid("p1"), obr, f"OBX|1|NM|GLU||{value}|mmol|||||F")

    program.json("ingest", feed(tmp_path / "m", result("70", "1")))
    second = program.call("ingest", feed(tmp_path / "n", result("7", "2")), "--json")
    assert "signed records to be looked at: 1" in second.err
    [line] = program.call("records", "doubts", "--json", status=1).lines
    assert (line["record"], line["problem"]) == ("result/F1/GLU", "changed")
    assert program.call("records", "check", tmp_path / "m" / "feed-1.hl7", "--json").lines == []
    again = program.call("records", "seal", tmp_path / "n" / "feed-1.hl7", "--json", status=1)
    assert (again.one["sealed"], again.one["different"]) == (0, 1)


def test_a_final_result_that_comes_back_as_preliminary_is_named_and_stays_sealed(
    program: Program, tmp_path: Path
) -> None:
    def result(state: str, value: str, control: str) -> str:
        obr = f"OBR|1|O1|F1|GLU|||20260304080000|||||||||||||||202603040815{control}0||CH|{state}"
        obx = f"OBX|1|NM|GLU||{value}|mmol|||||{state}"
        return message("ORU^R01", control, f"202603040815{control}0", pid("p1"), obr, obx)

    final = feed(tmp_path / "m", result("F", "70", "1"))
    program.json("ingest", final)
    back = program.call("ingest", feed(tmp_path / "n", result("P", "7", "2")), "--json")
    assert "signed records to be looked at: 1" in back.err
    [line] = program.call("records", "doubts", "--json", status=1).lines
    assert (line["record"], line["problem"], line["patient_id"]) == ("result/F1/GLU", "unsigned", "p1")
    assert "to be looked at" not in program.call("ingest", tmp_path / "n", "--json").err  # the same once more
    assert program.call("records", "check", final / "feed-1.hl7", "--json").lines == []
    program.verify()


def test_a_call_that_does_not_say_what_a_table_holds_is_unusable(program: Program, tmp_path: Path) -> None:
    path = export(tmp_path / "x.csv")
    assert "--content" in program.call("records", "seal", path, "--key", "id", status=2).err
    assert "no column nobody" in program.call("records", "seal", path, "--key", "nobody", *OPTIONS[2:], status=2).err
    assert "x.csv" in program.call("records", "seal", path, status=2).err


def test_a_study_in_which_an_image_was_changed_or_removed_is_named(program: Program, tmp_path: Path) -> None:
    from tests.unit.integrity.test_dicom import image, written

    folder = tmp_path / "study" / "series"
    folder.mkdir(parents=True)
    for number in (1, 2, 3):
        (folder / f"I{number}").write_bytes(written(image(number)))
    (folder / "readme").write_text("张三")
    first = program.call("records", "seal", tmp_path / "study", "--json")
    assert (first.one["read"], first.one["sealed"], first.one["unusable"]) == (1, 1, 1)
    assert "readme: no DICOM that can be read" in first.err and "张三" not in first.err
    assert program.call("records", "check", tmp_path / "study", "--whole", "--json").lines == []
    (folder / "I2").write_bytes(written(image(2, PixelData=bytes(512))))
    [line] = program.call("records", "check", tmp_path / "study", "--json", status=1).lines
    assert (line["system"], line["record"], line["kind"], line["patient_id"], line["problem"]) == (
        "PACS", "1.2.3", "study", "P1", "changed",
    )  # fmt: skip
    (folder / "I2").unlink()
    assert program.json("records", "seal", tmp_path / "study", status=1)["different"] == 1


def test_a_night_without_a_source_says_so(program: Program) -> None:
    assert "[records] sources" in program.call("records", "nightly").err
