# SPDX-License-Identifier: Apache-2.0
"""How an identity is written, without what it says: `P0012-王` becomes `A0099-字`. For every role: a mapping needs no more."""

from __future__ import annotations

import re

#: Letters that are shown of one value.
LONGEST = 40
_DIGITS = re.compile(r"\d{3}")


def shape(text: str) -> str:
    """Letters as A or a, digits as 9, zeros in front as they are, other letters as 字; marks stay."""
    out: list[str] = []
    leading = True
    for letter in text[:LONGEST]:
        if letter.isdigit():
            leading = leading and letter == "0"
            out.append("0" if leading else "9")
            continue
        leading = True
        if letter.isascii():
            out.append(letter if not letter.isalpha() else "A" if letter.isupper() else "a")
        else:
            out.append("字" if letter.isalnum() else letter)
    return "".join(out) + ("…" if len(text) > LONGEST else "")


def heading(name: str) -> str:
    """The name of a column; by its shape where it may be data that stands in a header's place."""
    bare = name.strip()
    return shape(bare) if _DIGITS.search(bare) else bare[:LONGEST] + ("…" if len(bare) > LONGEST else "")
