# SPDX-License-Identifier: Apache-2.0
"""The invented hospital of the console's tests."""

from tests.unit.web.conftest import house

__all__ = ["house"]
