# SPDX-License-Identifier: Apache-2.0
"""ATNA audit messages, in the words of RFC 3881 and in those of DICOM PS3.15 A.5."""
