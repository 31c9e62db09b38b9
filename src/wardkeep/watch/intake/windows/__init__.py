# SPDX-License-Identifier: Apache-2.0
"""Windows event logs (EVTX): chunks and records are found here, their binary XML is decoded in a process that may die."""
