# SPDX-License-Identifier: Apache-2.0
"""What an account did, beside its peers."""
