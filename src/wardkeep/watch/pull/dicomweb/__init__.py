# SPDX-License-Identifier: Apache-2.0
"""Studies of an archive that speaks DICOMweb (PS3.18): a source file, what answers mean, how far it is sealed. Pure."""

from wardkeep.watch.pull.dicomweb.answers import Image, Listed, images_in, studies_in
from wardkeep.watch.pull.dicomweb.multipart import Multipart, boundary_of
from wardkeep.watch.pull.dicomweb.prints import Prints, print_of
from wardkeep.watch.pull.dicomweb.sealed import SealedDays, read_days
from wardkeep.watch.pull.dicomweb.source import PacsSource, parse_pacs_source

__all__ = [
    "Image",
    "Listed",
    "Multipart",
    "PacsSource",
    "Prints",
    "SealedDays",
    "boundary_of",
    "images_in",
    "parse_pacs_source",
    "print_of",
    "read_days",
    "studies_in",
]
