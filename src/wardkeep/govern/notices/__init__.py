# SPDX-License-Identifier: Apache-2.0
"""Telling people that something waits for them, by mail, webhook or SMS gateway. No patient's data leaves."""
