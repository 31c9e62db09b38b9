# SPDX-License-Identifier: Apache-2.0
"""HL7 version 2: the frame, the message, its character set and times, and the answer to it. Pure: bytes in, values out."""

from wardkeep.watch.hl7.answer import Code, answer_to, begins_a_message
from wardkeep.watch.hl7.errors import NotRead
from wardkeep.watch.hl7.message import Message, Segment, parse
from wardkeep.watch.hl7.mllp import Deframer, Frame, framed
from wardkeep.watch.hl7.moments import Clock

__all__ = [
    "Clock",
    "Code",
    "Deframer",
    "Frame",
    "Message",
    "NotRead",
    "Segment",
    "answer_to",
    "begins_a_message",
    "framed",
    "parse",
]
