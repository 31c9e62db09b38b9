# SPDX-License-Identifier: Apache-2.0
"""Context from HL7 version 2: what each message says of patients, stays, orders, bookings and documents, and the rows of it.

A feed is no export: messages come late, twice and out of order, and each says a part. So what is kept of a patient, a stay
or an order is its `State`: for each thing that can be said of it the newest saying. The rows follow from the state alone; any
order of the same messages makes the same rows.
"""

from wardkeep.watch.hospital.messages.head import Head, head_of
from wardkeep.watch.hospital.messages.load import contexts_of
from wardkeep.watch.hospital.messages.reading import sayings

__all__ = ["Head", "contexts_of", "head_of", "sayings"]
