# SPDX-License-Identifier: Apache-2.0
"""The files that `wardkeep ledger prove` writes have the names that were given, and an option is none."""

from __future__ import annotations

import pytest

from tests.acceptance.program import Program


@pytest.mark.parametrize(
    "words, named",
    [
        (("--bundle", "--with-row"), "--with-row"),
        (("--out", "--entry", "e"), "--entry"),
        (("--out", "p", "--page", "--json"), "--json"),
    ],
)
def test_an_option_is_not_taken_for_the_name_of_a_file(words: tuple[str, ...], named: str, program: Program) -> None:
    before = set(program.folder.iterdir())
    refused = program.call("ledger", "prove", "1", *words, status=2)
    assert f"./{named}" in refused.err
    assert set(program.folder.iterdir()) == before


def test_a_file_may_have_such_a_name_where_that_is_meant(program: Program) -> None:
    program.call("ledger", "prove", "1", "--out", "./--with-row")
    assert (program.folder / "--with-row").is_file()
