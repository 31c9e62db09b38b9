# SPDX-License-Identifier: Apache-2.0
"""`make bench`: every benchmark, one after the other, then one table of ratios with median and range.

    python -m bench [NAME ...] [--quick] [--json FILE]

Each benchmark is a module `bench.<name>` with `figures(*, quick: bool) -> list[Figure]`, and runs in a process of its own, so
that memory is measured and given back. --quick takes small data: it shows that a benchmark works, and its figures mean nothing.
"""

from __future__ import annotations

import argparse
import dataclasses
import importlib
import json
import os
import platform
import resource
import subprocess
import sys
from pathlib import Path

from bench.figure import Figure, table

NAMES = ("judgement", "intake", "quality", "ledger", "hl7", "statistics", "atna", "live", "attribution", "changes")


def run_apart(name: str, *, quick: bool) -> list[Figure]:
    """The figures of one benchmark, from a process of its own; its talk goes to our stderr."""
    read, write = os.pipe()
    words = [sys.executable, "-m", "bench", "--one", name, "--figures-to", str(write), *(["--quick"] if quick else [])]
    process = subprocess.Popen(words, pass_fds=[write], stdout=sys.stderr)
    os.close(write)
    with os.fdopen(read, encoding="utf-8") as pipe:
        said = pipe.read()
    if process.wait() != 0:
        raise SystemExit(f"bench.{name} ended with {process.returncode}")
    return [Figure(**figure) for figure in json.loads(said)]


def run_here(name: str, *, quick: bool, to: int) -> None:
    found: list[Figure] = importlib.import_module(f"bench.{name}").figures(quick=quick)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    limit = {"goal": 8.0} if name == "judgement" else {}
    found = [*found, Figure(what=f"{name}: peak memory", unit="GB", ours=[peak], less_is_better=True, **limit)]
    with os.fdopen(to, "w", encoding="utf-8") as pipe:
        json.dump([dataclasses.asdict(figure) for figure in found], pipe)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench", description="Measure Wardkeep against peers and limits.")
    parser.add_argument(
        "names", nargs="*", metavar="NAME", help=f"which of {', '.join(NAMES)}; all where none is named"
    )
    parser.add_argument("--quick", action="store_true", help="small data: shows that it works, measures nothing")
    parser.add_argument("--json", type=Path, help="write the figures here too")
    parser.add_argument("--one", help=argparse.SUPPRESS)
    parser.add_argument("--figures-to", type=int, help=argparse.SUPPRESS)
    call = parser.parse_args()
    if call.one:
        run_here(call.one, quick=call.quick, to=call.figures_to)
        return 0
    if unknown := set(call.names) - set(NAMES):
        parser.error(f"no benchmark {', '.join(sorted(unknown))}: use {', '.join(NAMES)}")
    figures: list[Figure] = []
    for name in call.names or NAMES:
        print(f"== {name}", file=sys.stderr, flush=True)
        figures += run_apart(name, quick=call.quick)
    print(table(figures))
    print(f"\n{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}")
    if call.quick:
        print("--quick: small data; these figures mean nothing")
    if call.json:
        call.json.write_text(json.dumps([dataclasses.asdict(figure) for figure in figures], indent=1), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
