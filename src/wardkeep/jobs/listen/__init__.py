# SPDX-License-Identifier: Apache-2.0
"""Hearing what other systems send: sockets, frames, and the raw spool where a message is durable before it is acknowledged."""
