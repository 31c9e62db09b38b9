# SPDX-License-Identifier: Apache-2.0
"""What `pip install .` gives a hospital: the whole main job, without anything that only developers need."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

#: One ward, one nurse on shift there, one who is not, and a patient who lay on the ward that day.
HOSPITAL = {
    "departments.csv": """department,name,kind,site,parent
W1,内科一病区,clinical,main,
W2,骨科病区,clinical,main,
""",
    "staff.csv": """staff_id,name,role,department,employed_from,employed_to
s1,林一,nurse,W1,2020-01-01,
s2,周二,nurse,W2,2020-01-01,
""",
    "accounts.csv": """account,staff_id,kind,enabled_from,enabled_to,department
nurse1,s1,person,2020-01-01,,
nurse2,s2,person,2020-01-01,,
""",
    "patients.csv": """patient_id,name,sex,birth_date,died_on,sensitivity
p1,陈某,F,1970-05-01,,vip
""",
    "encounters.csv": """encounter_id,patient_id,kind,department,start,end,attending_id
e1,p1,inpatient,W1,2026-03-01T09:00:00+08:00,2026-03-05T10:00:00+08:00,
""",
    "shifts.csv": """staff_id,department,start,end
s1,W1,2026-03-02T07:30:00+08:00,2026-03-02T16:00:00+08:00
s2,W2,2026-03-02T07:30:00+08:00,2026-03-02T16:00:00+08:00
""",
    "events.csv": """event_id,time,account,patient_id,action,resource,system,workstation
1,2026-03-02T08:15:00+08:00,nurse1,p1,read,Encounter,EMR,ws1
2,2026-03-02T08:20:00+08:00,nurse2,p1,read,Encounter,EMR,ws2
""",
}


def run(*words: str | Path, cwd: Path, status: int = 0) -> str:
    """What a command prints on stdout; nothing of this checkout or of this test's environment reaches it."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "WARDKEEP", "VIRTUAL_ENV", "LC_"))}
    done = subprocess.run(
        [str(word) for word in words],
        cwd=cwd,
        env={**kept, "LANG": "C.UTF-8"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == status, f"{words} ended with {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bin folder of a new environment with our wheel and its base dependencies, at the locked versions."""
    folder = tmp_path_factory.mktemp("install")
    pip = (sys.executable, "-m", "pip")
    run(*pip, "wheel", "-qq", "--no-deps", "--no-build-isolation", "-w", folder, ROOT, cwd=folder)
    (wheel,) = folder.glob("wardkeep-*.whl")
    lock = (ROOT / "requirements" / "run.txt").read_text(encoding="utf-8")
    pins = re.findall(r"^\S+==[^\\\n]+", lock, flags=re.MULTILINE)
    (folder / "constraints.txt").write_text("\n".join(pins) + "\n", encoding="utf-8")
    run(sys.executable, "-m", "venv", "--without-pip", folder / "venv", cwd=folder)
    to = ("--python", folder / "venv" / "bin" / "python")
    run(*pip, *to, "install", "-qq", "--only-binary", ":all:", "-c", folder / "constraints.txt", wheel, cwd=folder)
    return folder / "venv" / "bin"


@pytest.fixture(scope="module")
def wardkeep(installed: Path) -> Callable[..., str]:
    """Calls the installed command in an empty folder of its own."""

    def call(*words: str | Path, status: int = 0) -> str:
        return run(installed / "wardkeep", *words, cwd=installed.parent, status=status)

    return call


def test_a_plain_install_brings_no_developers_tools(installed: Path) -> None:
    for tool in ("pytest", "hypothesis", "mypy", "ruff", "sklearn", "playwright"):
        asked = run(
            installed / "python", "-c", f"import importlib.util as u; print(u.find_spec('{tool}'))", cwd=installed
        )
        assert asked.strip() == "None", tool


def test_every_command_of_a_plain_install_has_its_modules(installed: Path, wardkeep: Callable[..., str]) -> None:
    assert "ingest" in wardkeep("--help")
    names = run(installed / "python", "-c", "import wardkeep.cli as c; print(*c.COMMANDS)", cwd=installed).split()
    for name in names:
        assert "Usage:" in wardkeep(name, "--help"), name


def test_a_plain_install_does_the_whole_main_job(wardkeep: Callable[..., str], tmp_path: Path) -> None:
    hospital, home = tmp_path / "hospital", tmp_path / "home"
    hospital.mkdir()
    for name, text in HOSPITAL.items():
        (hospital / name).write_text(text, encoding="utf-8")
    wardkeep("init", "--home", home, "--json", "--shares", tmp_path / "shares")
    report = json.loads(wardkeep("ingest", hospital, "--home", home, "--json").splitlines()[-1])
    assert (report["read"], report["accepted"], report["quarantined"]) == (2, 2, 0)
    cases = [json.loads(line) for line in wardkeep("judge", "--home", home, "--json").splitlines()]
    assert [case["account"] for case in cases if not case["random"]] == ["nurse2"]
    assert json.loads(wardkeep("ledger", "verify", "--home", home, "--json"))["ok"] is True
