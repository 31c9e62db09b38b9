# SPDX-License-Identifier: Apache-2.0
"""The sealed store of events, context, quarantine and runs."""
