# SPDX-License-Identifier: Apache-2.0
"""What every command shares: `--home`, `--json`, `--lang`, how it prints, and how a known error becomes an exit status.

stdout carries data, stderr carries talk. A known error is any exception whose class has `exit_status` (1, 2 or 3) and
may have `hint`; it is printed as `Error: ...` and `hint: ...`. Anything else is a fault of ours: it is named without
its values, which might be a patient's, and ends with 3.
"""

from __future__ import annotations

import functools
import json
import os
import sys
import traceback
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, NoReturn, TextIO
from zoneinfo import ZoneInfo

import click

from wardkeep.home import Home, default_home

LANGUAGES = {"zh": "zh-hans", "en": "en"}


def language_of_environment(environment: Mapping[str, str] = os.environ) -> str:
    """`zh` or `en` from LC_ALL, LC_MESSAGES, LANG in that order; `en` where they name neither."""
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        if value := environment.get(name):
            return "zh" if value.lower().startswith("zh") else "en"
    return "en"


def speak(text: str) -> str:
    """Translate `text` into the language in force."""
    from django.utils.translation import gettext  # noqa: PLC0415 - not needed by `--version`

    return gettext(text)


class Translated(AbstractContextManager[None]):
    """Makes translation work before any home is known: the language of the environment, or of `--lang`."""

    def __enter__(self) -> None:
        from wardkeep.django import configure_language  # noqa: PLC0415

        configure_language(LANGUAGES[_language_asked(sys.argv)])

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        return None


def _language_asked(arguments: list[str]) -> str:
    """The language for `--help` texts, which click prints before options are parsed."""
    for index, word in enumerate(arguments):
        value = word.partition("=")[2] if word.startswith("--lang=") else ""
        if word == "--lang" and index + 1 < len(arguments):
            value = arguments[index + 1]
        if value in LANGUAGES:
            return value
    return language_of_environment()


class Frame:
    """What a command gets: where home is, and how to print."""

    def __init__(self, home: Home, *, as_json: bool, lang: str) -> None:
        self.home = home
        self.json = as_json
        self.lang = lang

    def out(self, obj: object, text: str | None = None) -> None:
        """Print one result on stdout at once: a JSON line with --json, else `text`, or `obj` as `name: value` lines."""
        if self.json:
            _write(sys.stdout, json.dumps(obj, ensure_ascii=False, default=_plain, separators=(",", ":")))
        elif text is not None:
            _write(sys.stdout, text)
        elif isinstance(obj, Mapping):
            _write(sys.stdout, "\n".join(f"{name}: {_shown(value)}" for name, value in obj.items()))
        else:
            _write(sys.stdout, _shown(obj))

    def say(self, text: str) -> None:
        """Talk or progress, on stderr."""
        _write(sys.stderr, text)

    def clock(self, moment: datetime) -> str:
        """A moment for people: in the hospital's zone, to the minute."""
        zone = self.home.settings.hospital.timezone
        return f"{moment.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M} ({zone})"

    @property
    def interactive(self) -> bool:
        """True where a person can be asked: no command asks when stdin is no terminal."""
        return sys.stdin is not None and sys.stdin.isatty()

    def django(self) -> None:
        """Configure Django for this home and keep the language that was asked for."""
        import wardkeep  # noqa: PLC0415
        from wardkeep.django import configure_language  # noqa: PLC0415

        wardkeep.setup(self.home)
        configure_language(LANGUAGES[self.lang])


def empty_folder(folder: Path, option: str) -> Path:
    """Make the folder that `option` names, for its owner alone; refuses one that holds something."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    if any(folder.iterdir()):
        raise click.UsageError(
            speak("%(option)s %(folder)s is not empty: name another folder") % {"option": option, "folder": folder}
        )
    return folder


def standard(function: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command --home, --json and --lang, and a `Frame` as its first argument."""

    @click.option(
        "--home",
        "home_folder",
        type=click.Path(file_okay=False, path_type=Path),
        envvar="WARDKEEP_HOME",
        default=None,
        help="The home folder (default: WARDKEEP_HOME, else ~/.local/share/wardkeep).",
    )
    @click.option("--json", "as_json", is_flag=True, help="Print for machines: one JSON object, or one per line.")
    @click.option("--lang", type=click.Choice(sorted(LANGUAGES)), default=None, help="Language for people.")
    @functools.wraps(function)
    def wrapped(*args: Any, home_folder: Path | None, as_json: bool, lang: str | None, **options: Any) -> Any:
        from wardkeep.django import configure_language  # noqa: PLC0415

        chosen = lang or language_of_environment()
        configure_language(LANGUAGES[chosen])
        frame = Frame(Home(home_folder or default_home()), as_json=as_json, lang=chosen)
        return function(frame, *args, **options)

    return wrapped


class ReaderGone(Exception):
    """Whoever reads our output has gone; click would make a broken pipe into `the answer is no`."""

    exit_status = 3


def leave(run: Callable[[], Any]) -> NoReturn:
    """Run a command and leave the process with the status that its outcome means."""
    try:
        result = run()
    except click.Abort:
        _write(sys.stderr, speak("stopped"))
        sys.exit(130)
    except click.ClickException as exc:
        exc.show()
        sys.exit(exc.exit_code if isinstance(exc, click.UsageError) else 2)
    except (ReaderGone, BrokenPipeError):
        # Nothing more can be said to it.
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115, PTH123 - so that the flush at exit stays silent
        sys.exit(3)
    except Exception as exc:
        sys.exit(report(exc))
    # click gives the code of ctx.exit(n) as the result in this mode; a command's own return value is no status.
    sys.exit(result if type(result) is int else 0)


def report(exc: Exception) -> int:
    """Print a failure on stderr and return its exit status."""
    status = getattr(type(exc), "exit_status", None)
    if isinstance(status, int):
        _write(sys.stderr, f"{speak('Error')}: {exc}")
        if hint := getattr(exc, "hint", None):
            _write(sys.stderr, f"{speak('hint')}: {hint}")
        return status
    if isinstance(exc, OSError):
        _write(sys.stderr, f"{speak('Error')}: {exc.strerror or type(exc).__name__}: {exc.filename or ''}".rstrip(": "))
        return 3
    _write(sys.stderr, f"{speak('Error')}: {type(exc).__name__} " + speak("(a fault in Wardkeep)"))
    # Places, no values: an exception's message may carry what a record said.
    for place in traceback.extract_tb(exc.__traceback__):
        _write(sys.stderr, f"  {place.filename}:{place.lineno} {place.name}")
    if os.environ.get("WARDKEEP_DEBUG") == "1":
        _write(sys.stderr, str(exc))
    else:
        _write(sys.stderr, f"{speak('hint')}: " + speak("set WARDKEEP_DEBUG=1 to see the message; it may name people"))
    return 3


def _write(stream: TextIO, text: str) -> None:
    """One line, flushed; UTF-8 whatever the locale says, so that no name stops a command."""
    try:
        try:
            stream.write(text + "\n")
        except UnicodeEncodeError:
            stream.write(text.encode("ascii", "backslashreplace").decode("ascii") + "\n")
        stream.flush()
    except BrokenPipeError:
        raise ReaderGone from None


def _plain(value: object) -> object:
    """What JSON has no form for."""
    if hasattr(value, "isoformat"):
        return value.isoformat()
    return str(value)


def _shown(value: object) -> str:
    if isinstance(value, list | tuple):
        return ", ".join(_shown(v) for v in value)
    if isinstance(value, bool):
        return speak("yes") if value else speak("no")
    return "-" if value is None else str(value)
