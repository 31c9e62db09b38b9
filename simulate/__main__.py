# SPDX-License-Identifier: Apache-2.0
"""`python -m simulate`: write a simulated hospital, and the truth beside it, without a home and without Wardkeep."""

from __future__ import annotations

import argparse
import sys
import time
from datetime import date
from pathlib import Path

from simulate.calibration import as_markdown, calibration
from simulate.folder import STYLES, write, write_records, write_truth
from simulate.hospital import build
from simulate.parameters import CASES


def main(words: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m simulate", description="Invent a hospital and write its folder.")
    parser.add_argument("--out", type=Path, required=True, help="folder for the hospital (made where it is missing)")
    parser.add_argument("--truth", type=Path, help="folder for what really happened; default: <out>-truth")
    parser.add_argument(
        "--style", choices=STYLES, default="folder", help="plain folder, or logs as the systems write them"
    )
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--staff", type=int, default=300)
    parser.add_argument("--patients", type=int, default=20_000)
    parser.add_argument("--days", type=int, default=30)
    parser.add_argument("--setting", choices=sorted(CASES), default="B", help="prevalence of misuse")
    parser.add_argument(
        "--undocumented", type=float, default=0.20, help="share of accesses whose reason was never written"
    )
    parser.add_argument("--first-day", type=date.fromisoformat, default=date(2026, 3, 2))
    parser.add_argument(
        "--sources", action="store_true", help="also sign-ins, VPN, bastion, doors and a database audit, and who it was"
    )
    parser.add_argument(
        "--changes", action="store_true", help="also records changed after archiving, and by statements in a database"
    )
    parser.add_argument("--feeds", type=int, default=0, metavar="DAYS", help="so many last days as HL7 messages too")
    parser.add_argument("--calibration", action="store_true", help="print the hospital's rates beside published ones")
    call = parser.parse_args(words)
    began = time.monotonic()

    def progress(share: float, what: str) -> None:
        print(f"{time.monotonic() - began:6.1f} s  {100 * share:3.0f} %  {what}", file=sys.stderr, flush=True)

    truth = call.truth or call.out.with_name(call.out.name + "-truth")
    if truth.resolve().is_relative_to(call.out.resolve()):
        parser.error(
            f"--truth {truth} lies within --out {call.out}: whoever reads the hospital must not read the truth"
        )
    try:
        hospital = build(
            call.seed, call.staff, call.patients, call.days, call.setting, undocumented=call.undocumented,
            first_day=call.first_day, sources=call.sources, changes=call.changes, progress=progress,
        )  # fmt: skip
    except ValueError as problem:
        parser.error(str(problem))
    write(hospital, call.out, call.style, feeds=call.feeds, progress=progress)
    write_truth(hospital, truth)
    write_records(hospital, call.out.with_name(call.out.name + "-records"))
    if call.calibration:
        print(as_markdown(calibration(hospital)))
    print(f"{hospital.events.num_rows:,} events in {call.out}, the truth in {truth}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
