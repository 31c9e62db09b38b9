# SPDX-License-Identifier: Apache-2.0
"""How much one sender, one listener and all of them may hold, and for how long. What is over a limit is counted and told."""

from __future__ import annotations

from wardkeep.watch.intake.limits import KIB, MIB

#: One message; also the body of one request.
LONGEST = 4 * MIB
#: A request may carry many events in one Bundle.
LONGEST_REQUEST = 16 * MIB
#: How much of a piece that is no message is kept.
KEEP = 64 * KIB
#: Read from a connection at once.
CHUNK = 64 * KIB
#: Bytes of unfinished messages that all connections of a listener may hold together.
HELD = 64 * MIB
#: Bytes that may wait for the disk, of one listener; nothing more is read meanwhile.
UNSYNCED = 16 * MIB
#: Connections of a listener, and of one address among them.
CONNECTIONS, CONNECTIONS_EACH = 512, 64
#: Seconds from the first byte of a message, or of a request, to its last.
PATIENCE = 30.0
#: Seconds that a connection may be silent between two messages; syslog senders are silent for hours, and that is no fault.
SILENCE = {"syslog": 24 * 3600.0, "mllp": 24 * 3600.0, "http": 60.0}
#: Seconds of a TLS handshake.
HANDSHAKE = 10.0
#: Seconds that a sender may take to accept our answer.
ANSWER = 10.0
#: Seconds that what a refused sender still sends is read and dropped, so that it hears why.
LINGER = 2.0
#: Datagrams that are read before others have their turn.
BURST = 256
#: What the kernel is asked to hold of datagrams while we are busy.
DATAGRAM_BUFFER = 16 * MIB
#: Seconds between two tries to keep what the disk refused.
AGAIN = 0.5
#: Seconds between two looks at what the kernel dropped, and between two gaps that are told.
LOOK = 1.0
