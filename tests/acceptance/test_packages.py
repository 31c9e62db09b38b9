# SPDX-License-Identifier: Apache-2.0
"""`wardkeep records package`: sealed, signed, supplemented and opened by an office, checked by a family without a home."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.commands import environment, wardkeep
from tests.acceptance.program import Program
from tests.packages import HOSPITAL_KEY, pem_of

HERE = ("--place", "病案室", "--reason", "家属提出争议")
DOCTOR, KIN = ("--institution", "李主任:病案科主任"), ("--family", "张四：儿子")
BOTH = (*DOCTOR, *KIN)


class Office:
    """A medical records office: its home, and the files on its desk."""

    def __init__(self, program: Program, folder: Path) -> None:
        self.program, self.folder, self.package = program, folder, folder / "p.zip"
        self.vkey = program.json("ledger", "prove", "1", "--bundle", folder / "1.proof.json")["vkey"]

    def run(self, word: str, *words: str | Path, status: int = 0, package: Path | None = None) -> dict[str, Any]:
        return self.program.json("records", "package", word, package or self.package, *words, status=status)

    def refused(self, word: str, *words: str | Path, status: int = 1) -> str:
        return self.program.call("records", "package", word, self.package, *words, status=status).err

    def make(self, *words: str | Path, status: int = 0) -> tuple[str | Path, ...]:
        records = self.folder / "records"
        records.mkdir(exist_ok=True)
        (records / "入院记录.txt").write_text("入院", encoding="utf-8")
        (records / "同意书.pdf").write_bytes(b"%PDF-1.4")
        named = ("--patient", "P1", "--patient-name", "张三")
        return ("records", "package", "make", records, "--out", self.package, *named, *HERE, *words)

    def begin(self, *words: str | Path) -> dict[str, Any]:
        return self.program.json(*self.make(*BOTH, *words))

    def check(self, *words: str | Path, status: int = 0) -> dict[str, Any]:
        """As the family: without a home, in a folder where none is."""
        done = wardkeep(
            "records", "package", "check", self.package, "--vkey", self.vkey, "--json", *words,
            status=status, HOME=str(self.folder / "nowhere"),
        )  # fmt: skip
        said: dict[str, Any] = done.said
        return said


@pytest.fixture
def office(program: Program, tmp_path: Path) -> Office:
    return Office(program, tmp_path)


def test_from_the_list_to_the_opening_every_step_is_sealed_and_a_family_checks_it_offline(office: Office) -> None:
    office.begin("--follows", "出院小结")
    office.run("print", "--out", office.folder / "list.html", "--to-sign", office.folder / "list.json")
    (office.folder / "list.sig").write_bytes(HOSPITAL_KEY.sign((office.folder / "list.json").read_bytes()))
    (office.folder / "pub.pem").write_bytes(pem_of(HOSPITAL_KEY))
    (office.folder / "scan.jpg").write_bytes(b"\xff\xd8 picture")
    signature = ("--signature", office.folder / "list.sig", "--key", office.folder / "pub.pem")
    office.run("sign", "--side", "institution", "--name", "李主任", *signature)
    office.run("sign", "--side", "family", "--name", "张四", "--by-hand", office.folder / "scan.jpg")
    (office.folder / "出院小结.txt").write_text("出院", encoding="utf-8")
    office.program.json(
        "records", "package", "supplement", office.package, office.folder / "出院小结.txt", *BOTH, *HERE
    )
    office.run("open", "--ground", "copy", *BOTH, *HERE)
    office.run("open", "--ground", "settled", "--document", "调解协议书12号", *DOCTOR, *HERE)
    said = office.check("--institution-key", office.folder / "pub.pem")
    assert (said["ok"], said["steps"], said["complete"], said["to_follow"]) == (True, 6, False, [])
    assert [one["state"] for one in said["signatures"]] == ["verified", "by_hand"]
    assert [one["ground"] for one in said["openings"]] == ["copy", "settled"]
    assert said["lists"][1]["unsigned"] == ["institution", "family"]
    assert wardkeep("verify", office.package, "--vkey", office.vkey, "--json").said["ok"] is True
    assert office.program.json("records", "package", "check", office.package)["complete"] is True
    office.program.verify()


def test_what_was_altered_is_named_with_status_1(office: Office) -> None:
    office.begin()
    folder = office.folder / "unpacked"
    with zipfile.ZipFile(office.package) as archive:
        archive.extractall(folder)
    office.package = folder
    part = folder / "parts/0001/0001.txt"
    part.write_bytes(part.read_bytes().replace("入".encode(), "出".encode()))
    said = office.check(status=1)
    assert said["problems"] == [{"file": "parts/0001/0001.txt", "reason": "it is not what the list says"}]
    assert "parts/0001/0001.txt" in office.refused("open", "--ground", "copy", *BOTH, *HERE)
    zh = wardkeep("records", "package", "check", folder, "--vkey", office.vkey, "--lang", "zh", status=1).out
    assert "不成立" in zh


def test_the_law_decides_who_may_seal_and_open(office: Office) -> None:
    alone = office.program.call(*office.make(*DOCTOR), "--lang", "en", status=1).err
    assert "both sides present" in alone and "article 24" in alone
    assert not office.package.exists()
    both = ("--institution", "李主任:科主任", "--family", "李主任:父亲")
    assert "李主任 is named for two sides" in office.program.call(*office.make(*both), "--lang", "en", status=2).err
    office.begin()
    assert "一方" in office.refused("open", "--ground", "copy", *DOCTOR, *HERE, "--lang", "zh")
    blank = ("--ground", "settled", "--document", "  ", *DOCTOR, *HERE, "--lang", "en")
    assert "no printable text" in office.refused("open", *blank, status=2)
    assert office.check()["steps"] == 1


def test_an_older_copy_is_refused_at_home_and_by_all_acts_of_the_package_elsewhere(office: Office) -> None:
    made = office.begin()
    shutil.copy(office.package, office.folder / "older.zip")
    office.run("demand", "--by", "张四:儿子", "--reason", "要求调解")
    newer, office.package = office.package, office.folder / "older.zip"
    assert "has 2 steps" in office.refused("demand", "--by", "张四", "--reason", "x")
    assert "has 2 steps" in office.program.json("records", "package", "check", office.package, status=1)["reason"]
    last = str(office.program.json("ledger", "status")["size"] - 1)
    asked = ("acts-of-package", "--with", f"package={made['package']}", "--from", "0", "--to", last)
    office.program.json("evidence", "run", *asked, "--out", office.folder / "acts.zip")
    said = office.check("--acts", office.folder / "acts.zip", status=1)
    assert "step 2" in said["problems"][0]["reason"]
    office.package = newer
    assert office.check("--acts", office.folder / "acts.zip")["complete"] is True


def test_of_hashes_only_the_records_are_checked_where_they_lie(office: Office) -> None:
    (office.folder / "parts.csv").write_bytes(
        "file,name,kind,pages\n入院记录.txt,入院记录,住院志,3\n".encode("gb18030")
    )
    office.begin("--hashes-only", "--original", "--table", office.folder / "parts.csv")
    with zipfile.ZipFile(office.package) as archive:
        assert not any(name.startswith("parts/") for name in archive.namelist())
        said = json.loads(archive.read("log/0001.json"))["says"]["parts"][0]
    assert (said["name"], said["kind"], said["pages"], said["form"]) == ("入院记录", "住院志", 3, "original")
    assert office.check()["elsewhere"] == ["入院记录", "同意书.pdf"]
    assert office.check("--beside", office.folder / "records")["elsewhere"] == []


KILLED = """
import os, sys
def end(*words, **more): os._exit(9)
import importlib
module, name = sys.argv[1].rsplit(".", 1)
setattr(importlib.import_module(module), name, end)
from wardkeep.cli import main
main(sys.argv[2:])
"""


@pytest.mark.parametrize(
    "where, steps",
    [
        pytest.param("wardkeep.seal.act.action", 1, marks=pytest.mark.soak),  # nothing was committed: it never was
        ("wardkeep.jobs.draining.drain_here", 2),  # committed, not in the ledger yet
        pytest.param(
            "wardkeep.ledger.proof_bundle.check_proof", 2, marks=pytest.mark.soak
        ),  # sealed, without its proof
        pytest.param("wardkeep.package.pack.add", 2, marks=pytest.mark.soak),  # proven, not in the package
    ],
)
def test_a_command_that_was_killed_is_finished_or_undone_by_the_next(office: Office, where: str, steps: int) -> None:
    office.begin()
    words = ("records", "package", "demand", office.package, "--by", "张四", "--reason", "要求调解")
    killed = subprocess.run(
        [sys.executable, "-c", KILLED, where, *map(str, words)],
        env={**environment(WARDKEEP_HOME=str(office.program.home)), "HOME": str(office.folder)},
        capture_output=True,
        check=False,
    )
    assert killed.returncode == 9, killed.stderr
    with zipfile.ZipFile(office.package) as archive:
        assert "log/0002.json" not in archive.namelist()
    assert office.run("resume")["finished"] is (steps == 2)
    assert office.program.json("records", "package", "check", office.package)["steps"] == steps
    assert not list(office.folder.glob(".p.zip*"))


def test_a_notary_stands_in_for_the_family_and_steps_are_sealed_while_the_home_is_served(office: Office) -> None:
    notary = ("--notary", "王公证员:第一公证处")
    with office.program.serving():
        office.program.json(*office.make(*DOCTOR, *notary))
        office.run("open", "--ground", "appraisal", *DOCTOR, *notary, *HERE)
    assert office.check()["openings"][0]["present"][1]["side"] == "notary"


def test_an_unusable_call_says_what_is_missing(office: Office) -> None:
    office.begin()
    nowhere = ("--home", office.folder / "nowhere", "--lang", "en")
    assert "--vkey" in wardkeep("records", "package", "check", office.package, *nowhere, status=2).err
    assert "--by-hand" in office.refused("sign", "--side", "family", "--name", "张四", status=2)
    assert "there already" in office.program.call(*office.make(*BOTH), status=2).err
    (office.folder / "table.csv").write_text("file,name\nno.txt,x\n")
    office.package = office.folder / "other"
    assert "no.txt" in office.program.call(*office.make(*BOTH), "--table", office.folder / "table.csv", status=2).err
    assert not office.package.exists()
