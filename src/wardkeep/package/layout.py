# SPDX-License-Identifier: Apache-2.0
"""Where what lies in a package, and no other files.

log/0001.json           a step; log/0001.proof.json its act in the ledger, with proof; of a list log/0001.html, to be printed
parts/0001/0003.pdf     the third part of the list of step 1
signatures/0002.sig     what a side signed with a key, with signatures/0002.pem; or the picture of the signed paper
verifier.html           the page that checks a proof in any browser
"""

from __future__ import annotations

import re
import zipfile
from pathlib import Path

from wardkeep.ledger.page import NAME as PAGE
from wardkeep.ledger.proof_bundle import SUFFIX
from wardkeep.package.step import PICTURES

FIRST = "log/0001.json"
VERIFIER = PAGE
STEP = re.compile(r"log/(\d{4})\.json", re.ASCII)
NAMES = re.compile(
    r"verifier\.html|log/\d{4}\.(?:json|proof\.json|html)|parts/\d{4}/\d{4}(?:\.[a-z0-9]{1,8})?"
    r"|signatures/\d{4}\.(?:sig|pem|jpg|jpeg|png|pdf|tif|tiff)",
    re.ASCII,
)
_ENDING = re.compile(r"\.[a-z0-9]{1,8}", re.ASCII)


def step_name(number: int) -> str:
    return f"log/{number:04}.json"


def proof_name(number: int) -> str:
    return f"log/{number:04}{SUFFIX}"


def page_name(number: int) -> str:
    return f"log/{number:04}.html"


def part_name(number: int, part: int, file: str) -> str:
    return f"parts/{number:04}/{part:04}{ending(file)}"


def signature_names(number: int) -> tuple[str, str]:
    return f"signatures/{number:04}.sig", f"signatures/{number:04}.pem"


def picture_name(number: int, file: str) -> str | None:
    """Where the picture of a signed paper lies; None where a file of that ending is none."""
    return f"signatures/{number:04}{ending(file)}" if ending(file) in PICTURES else None


def ending(file: str) -> str:
    """The ending of a file's name, where a package can keep it; else nothing."""
    found = Path(file).suffix.lower()
    return found if _ENDING.fullmatch(found) else ""


def is_package(path: Path) -> bool:
    """Whether a folder or a ZIP means to be a package; nothing of it is believed."""
    if path.is_dir():
        return (path / FIRST).is_file()
    try:
        with zipfile.ZipFile(path) as archive:
            return FIRST in archive.namelist()
    except (OSError, zipfile.BadZipFile, ValueError, NotImplementedError, EOFError, OverflowError):
        return False
