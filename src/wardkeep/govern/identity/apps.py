# SPDX-License-Identifier: Apache-2.0
"""Accounts as a Django app."""

from django.apps import AppConfig


class IdentityConfig(AppConfig):
    name = "wardkeep.govern.identity"
    label = "identity"
