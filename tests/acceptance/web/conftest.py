# SPDX-License-Identifier: Apache-2.0
from tests.unit.web.conftest import enter, house

__all__ = ["enter", "house"]
