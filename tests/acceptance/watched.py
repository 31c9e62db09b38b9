# SPDX-License-Identifier: Apache-2.0
"""A witness in a process of its own, and a home whose ledger it watches."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.acceptance.commands import environment, wardkeep, words_of
from tests.ports import free_port


class Elsewhere:
    """A witness: its folder, and its process while it runs."""

    def __init__(self, folder: Path, name: str = "w1") -> None:
        self.folder, self.name = folder / name, name
        self.vkey = wardkeep("witness", "init", "--folder", self.folder, "--name", f"{name}.example", "--json").said[
            "vkey"
        ]
        self.port = free_port()
        self.process: subprocess.Popen[str] | None = None

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def know(self, vkey: str) -> None:
        wardkeep("witness", "add-log", vkey, "--every-year", "--folder", self.folder)

    def know_also(self, vkey: str) -> None:
        """Know the next key of a log that is known already."""
        wardkeep("witness", "add-log", vkey, "--every-year", "--another-key", "--folder", self.folder)

    def start(self) -> None:
        # It needs no home: one that cannot be is named.
        words = words_of("witness", "serve", "--folder", self.folder, "--port", str(self.port), "--json")
        nowhere = environment(WARDKEEP_HOME="/nonexistent", HOME="/nonexistent")
        self.process = subprocess.Popen(
            words, env=nowhere, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        assert self.process.stdout is not None
        told = json.loads(self.process.stdout.readline())
        assert (told["port"], told["vkey"]) == (self.port, self.vkey)

    def end(self, number: signal.Signals = signal.SIGTERM) -> tuple[int, str]:
        assert self.process is not None
        self.process.send_signal(number)
        _, said = self.process.communicate(timeout=30)
        return self.process.returncode, said

    def seen(self) -> dict[str, Any]:
        """What it says of the one log."""
        (log,) = wardkeep("witness", "status", "--folder", self.folder, "--json", status=None).said["logs"]
        return dict(log)

    @contextmanager
    def running(self) -> Iterator[Elsewhere]:
        self.start()
        try:
            yield self
        finally:
            assert self.process is not None
            if self.process.poll() is None:
                self.end()


class Watched:
    """A home whose ledger is watched."""

    def __init__(self, home: Path) -> None:
        self.home = home

    @classmethod
    def made(cls, home: Path, *witnesses: Elsewhere, needed: int = 1, every: int = 1) -> Watched:
        vkey = wardkeep("init", "--home", home, "--json").said["vkey"]
        for one in witnesses:
            one.know(vkey)
        lines = [f"witness {one.name} {one.vkey} {one.address}\n" for one in witnesses]
        group = f"group enough {needed} {' '.join(one.name for one in witnesses)}\nquorum enough\n"
        (home / "witnesses.policy").write_text("".join(lines) + group)
        config = home / "config.toml"
        text = config.read_text().replace('witnesses = ""', 'witnesses = "witnesses.policy"')
        config.write_text(text.replace("ask_every = 60", f"ask_every = {every}"))
        return cls(home)

    def copied(self, home: Path) -> Watched:
        shutil.copytree(self.home, home)
        return Watched(home)

    def grow(self, name: str) -> None:
        wardkeep("user", "create", name, "--role", "auditor", "--home", self.home)

    def ledger(self, *words: str | Path, status: int = 0) -> dict[str, Any]:
        return dict(wardkeep("ledger", *words, "--home", self.home, "--json", status=status).said)

    def checks(self) -> dict[str, dict[str, Any]]:
        return {
            one["name"]: one for one in wardkeep("doctor", "--home", self.home, "--json", status=None).said["checks"]
        }
