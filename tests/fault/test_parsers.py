# SPDX-License-Identifier: Apache-2.0
"""Mutated bytes for every parser beside the readers of files: nothing raised but what is declared, soon, and nobody named."""

from __future__ import annotations

import random
import resource
import time
from pathlib import Path

import pytest

from tests.fault.parsers import PARSERS, Parser, changed
from tests.fault.samples import NUMBER, SECRET

SHORT, LONG = 60, 10_000
#: Seconds of the processor that one input may take; and megabytes that all of them may add to what the process holds.
SLOWEST, MORE = 20.0, 600


def run(parser: Parser, count: int, folder: Path) -> None:
    held = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for n in range(count):
        data = changed(parser, random.Random(f"{parser.name}:{n}"))
        begun = time.process_time()
        try:
            said = list(parser.read(data, folder))
        except BaseException as failure:
            raise AssertionError(f"{parser.name} input {n}: {type(failure).__name__}: {failure}") from failure
        assert time.process_time() - begun < SLOWEST, f"{parser.name} input {n} takes too long"
        for text in said:
            assert SECRET not in text and NUMBER not in text, f"{parser.name} input {n} names a patient: {text[:200]}"
            assert text.partition(":")[0].strip(), f"{parser.name} input {n} is refused without a reason"
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - held < MORE << 10


@pytest.mark.parametrize("parser", PARSERS, ids=lambda p: p.name)
def test_valid_samples_are_read(parser: Parser, tmp_path: Path) -> None:
    for sample in parser.samples:
        assert list(parser.read(sample, tmp_path)) == []


@pytest.mark.parametrize("parser", PARSERS, ids=lambda p: p.name)
def test_mutated_bytes_raise_nothing_that_is_not_declared(parser: Parser, tmp_path: Path) -> None:
    run(parser, SHORT, tmp_path)


@pytest.mark.soak
@pytest.mark.parametrize("parser", PARSERS, ids=lambda p: p.name)
def test_ten_thousand_mutated_inputs_raise_nothing_that_is_not_declared(parser: Parser, tmp_path: Path) -> None:
    run(parser, LONG, tmp_path)
