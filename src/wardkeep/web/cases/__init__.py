# SPDX-License-Identifier: Apache-2.0
"""Cases: the list, one case, and what people do with it."""
