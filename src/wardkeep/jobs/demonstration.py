# SPDX-License-Identifier: Apache-2.0
"""The demo's home: told from every other one by its marker, so that nothing but a demo is ever replaced."""

from __future__ import annotations

import fcntl
import json
import shutil
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any

from wardkeep.home import Home
from wardkeep.jobs.supervisor import ServeError

#: The demo's own folder within its home: the marker, and the hospital as its systems wrote it.
OWN = "demo"
MARK = "a demo of Wardkeep; `wardkeep demo` may replace this home"
#: What a demo's home consists of; anything else in its folder is somebody's and stays.
PARTS = (OWN, "config.toml", "config.new", "data", "keys", "backups")


class NotADemo(Exception):
    """The folder holds something that no demo made."""

    exit_status = 2

    def __init__(self, path: Path) -> None:
        super().__init__(f"{path} holds something that no demo made")
        self.hint = "name another folder with --home; a demo replaces nothing but a demo"


@dataclass(frozen=True, kw_only=True, slots=True)
class Wish:
    """Which hospital is asked for: the same wish gives the same logs."""

    staff: int
    patients: int
    days: int
    seed: int
    first_day: date


def is_there(home: Home, wish: Wish) -> bool:
    """True where this very demo was made before, whole. Raises NotADemo."""
    marker = _marker(home)
    return home.exists and marker == {"mark": MARK, "ready": True, **_plain(wish)}


def make_room(home: Home, wish: Wish) -> Path:
    """An empty home with its marker; a demo that was there is removed. Returns the demo's own folder.

    Raises NotADemo, ServeError where the old demo is being served.
    """
    if _marker(home) is not None:
        _refuse_while_served(home)
        if any(path.name not in PARTS for path in home.path.iterdir()):
            raise NotADemo(home.path)
        for part in PARTS:
            path = home.path / part
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)
    own = home.path / OWN
    own.mkdir(mode=0o700, parents=True)
    home.path.chmod(0o700)
    _write(home, wish, ready=False)
    return own


def finished(home: Home, wish: Wish) -> None:
    """The demo stands whole from here on."""
    _write(home, wish, ready=True)


def _marker(home: Home) -> dict[str, Any] | None:
    """What the marker says; None where the folder is absent or empty. Raises NotADemo where there is no marker."""
    if not home.path.exists() or not any(home.path.iterdir()):
        return None
    try:
        found = json.loads((home.path / OWN / "marker.json").read_text("utf-8"))
    except (OSError, ValueError):
        found = None  # fails closed: without its marker a folder is not ours to touch
    if not isinstance(found, dict) or found.get("mark") != MARK:
        raise NotADemo(home.path)
    return found


def _write(home: Home, wish: Wish, *, ready: bool) -> None:
    draft = home.path / OWN / "marker.new"
    draft.write_text(json.dumps({"mark": MARK, "ready": ready, **_plain(wish)}, indent=2) + "\n", "utf-8")
    draft.replace(home.path / OWN / "marker.json")


def _plain(wish: Wish) -> dict[str, Any]:
    return {**asdict(wish), "first_day": wish.first_day.isoformat()}


def _refuse_while_served(home: Home) -> None:
    lock = home.data_folder / "serve.lock"
    if not lock.exists():
        return
    with lock.open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise ServeError(
                f"the demo in {home.path} is being served", "stop it first, or name another folder with --home"
            ) from None
