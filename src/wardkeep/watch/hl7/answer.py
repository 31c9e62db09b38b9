# SPDX-License-Identifier: Apache-2.0
"""The answer to a message: ACK with MSA. It needs no more of the message than its header, and less where that is broken.

Sender and receiver change places; delimiters, processing id, version and character set are those of the message. A sender that
asks for accept acknowledgements (MSH-15) gets CA, CE, CR, or no answer where it wants none.
"""

from __future__ import annotations

import hashlib
import re
from datetime import datetime
from enum import StrEnum


class Code(StrEnum):
    """What became of a message."""

    ACCEPTED = "AA"
    #: It cannot be read; sending it again as it is will not help.
    ERROR = "AE"
    #: It cannot be kept now; the sender is to send it again.
    REJECTED = "AR"


_HEADER = re.compile(rb"\s*MSH(?P<field>[!-/:-@\[-`{-~])(?P<rest>[^\r\n]*)")
_BEGINS = re.compile(rb"\s*(?:MSH|FHS|BHS)[!-/:-@\[-`{-~]")
#: MSH-15: which codes are answered.
_WANTS = {b"NE": (), b"ER": (Code.ERROR, Code.REJECTED), b"SU": (Code.ACCEPTED,)}
_ANY = tuple(Code)
_LONGEST_TEXT = 80


def begins_a_message(message: bytes) -> bool:
    """Whether what came in a frame can be a message at all, or a batch of them."""
    return _BEGINS.match(message.removeprefix(b"\xef\xbb\xbf")) is not None


def answer_to(message: bytes, code: Code, *, at: datetime, text: str = "") -> bytes:
    """The answer, without a frame; empty where the sender wants none. `text`: our words in ASCII, never the message's.

    at: an aware time. The same call gives the same bytes: the answer's own control id is made from the message and the code.
    """
    header = _HEADER.match(message.removeprefix(b"\xef\xbb\xbf"))
    bar = header["field"] if header else b"|"
    fields = header["rest"].split(bar) if header else []
    fields = [*fields, *([b""] * (20 - len(fields)))]
    # MSH-1 is the separator itself: fields[0] is MSH-2.
    encoding, (app, facility, our_app, our_facility) = fields[0] or rb"^~\&", fields[1:5]
    kind, control, processing, version = fields[7:11]
    accept, charset = fields[13], fields[16]
    if code not in _WANTS.get(accept, _ANY):
        return b""
    wire = "C" + code[1] if accept else str(code)
    trigger = kind.split(encoding[:1])[1:2]
    own = "W" + hashlib.sha256(message + wire.encode()).hexdigest()[:19].upper()
    msh = [
        b"MSH", encoding, our_app, our_facility, app, facility, at.strftime("%Y%m%d%H%M%S%z").encode(), b"",
        encoding[:1].join([b"ACK", *trigger]), own.encode(), processing or b"P", version or b"2.4",
        b"", b"", b"", b"", b"", charset,
    ]  # fmt: skip
    msa = [b"MSA", wire.encode(), control, _plain(text, bar + encoding)]
    return b"\r".join(bar.join(s).rstrip(bar) for s in (msh, msa)) + b"\r"


def _plain(text: str, delimiters: bytes) -> bytes:
    """The text without what would need an escape."""
    kept = bytes(c if 32 <= c < 127 and c not in delimiters else 32 for c in text.encode("ascii", "replace"))
    return kept[:_LONGEST_TEXT].rstrip()
