# SPDX-License-Identifier: Apache-2.0
"""Who may post: a file of names and tokens, one pair a line, read again when it changes."""

from __future__ import annotations

import hmac
import re
from pathlib import Path

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,60}")
#: A shorter one could be guessed.
SHORTEST = 20


class TokensError(Exception):
    """The file of tokens cannot be used."""


class Tokens:
    """The senders of one listener. A file that was made unreadable or wrong lets nobody in."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._stamp: tuple[int, int] | None = None
        self._known: dict[str, bytes] = {}
        #: Why nobody is let in; empty where all is well.
        self.trouble = ""

    def sender(self, authorization: bytes) -> str | None:
        """The name behind `Bearer TOKEN`; None where it is nobody's."""
        self._look()
        scheme, _, token = authorization.strip().partition(b" ")
        token = token.strip()
        found = None
        if scheme.lower() == b"bearer" and token:
            for name, known in self._known.items():  # all of them, whoever it is: time tells nothing
                if hmac.compare_digest(known, token):
                    found = name
        return found

    def _look(self) -> None:
        try:
            about = self._path.stat()
            stamp = (about.st_mtime_ns, about.st_size)
            if stamp != self._stamp:
                self._known = read_tokens(self._path)
                self._stamp, self.trouble = stamp, ""
        except (OSError, TokensError) as error:
            # Fails closed: without the file nobody is known.
            self._stamp, self._known = None, {}
            self.trouble = getattr(error, "strerror", None) or str(error)


def read_tokens(path: Path) -> dict[str, bytes]:
    """Name -> token. Raises TokensError naming the line, never a token."""
    if path.stat().st_mode & 0o007:
        raise TokensError(f"{path.name} can be read by everyone on this machine: chmod 600 {path.name}")
    found: dict[str, bytes] = {}
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise TokensError(f"{path.name} is no text in UTF-8") from None
    for number, line in enumerate(text.splitlines(), 1):
        words = line.split()
        if not words or words[0].startswith("#"):
            continue
        if len(words) != 2 or not _NAME.fullmatch(words[0]):
            raise TokensError(f"{path.name} line {number}: write NAME TOKEN")
        if len(words[1]) < SHORTEST:
            raise TokensError(f"{path.name} line {number}: the token is shorter than {SHORTEST} characters")
        if words[0] in found:
            raise TokensError(f"{path.name} line {number}: {words[0]} stands twice")
        found[words[0]] = words[1].encode()
    return found
