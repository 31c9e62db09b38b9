# SPDX-License-Identifier: Apache-2.0
"""Sentences in the reader's language, made from the codes and values of the engines."""
