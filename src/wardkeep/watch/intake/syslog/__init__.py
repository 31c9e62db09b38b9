# SPDX-License-Identifier: Apache-2.0
"""Syslog, from files and from the network: frames, headers, and what stands in the messages."""
