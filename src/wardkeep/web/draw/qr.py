# SPDX-License-Identifier: Apache-2.0
"""A QR code as one SVG path: no image file, no style, nothing that a content policy would refuse."""

from __future__ import annotations

from dataclasses import dataclass

import qrcode


@dataclass(frozen=True, kw_only=True, slots=True)
class Qr:
    #: Modules on a side, quiet zone included: the width of the view box.
    side: int
    path: str


def draw_qr(text: str) -> Qr:
    """`text` as dark modules, runs of a row joined."""
    code = qrcode.QRCode(border=4, error_correction=qrcode.constants.ERROR_CORRECT_M)
    code.add_data(text)
    rows = code.get_matrix()
    parts = []
    for y, row in enumerate(rows):
        x = 0
        while x < len(row):
            run = x
            while run < len(row) and row[run]:
                run += 1
            if run > x:
                parts.append(f"M{x} {y}h{run - x}v1h-{run - x}z")
            x = run + 1
    return Qr(side=len(rows), path="".join(parts))
