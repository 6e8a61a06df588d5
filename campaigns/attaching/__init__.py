"""Everything about attachments that needs no database: names, kinds, sizes, archives, who gets which file.

Pure; imports no models.
"""

from campaigns.attaching.archive import ArchiveRefused, Limits, Unpacked, unpack
from campaigns.attaching.attached import Attached
from campaigns.attaching.file_types import forbidden_type, has_double_extension, media_type
from campaigns.attaching.matching import File, Found, Matcher, best_column, name_key
from campaigns.attaching.names import safe_name, with_extension_of
from campaigns.attaching.sizes import encoded_size, fits_one_request, message_size

__all__ = [
    "ArchiveRefused",
    "Attached",
    "File",
    "Found",
    "Limits",
    "Matcher",
    "Unpacked",
    "best_column",
    "encoded_size",
    "fits_one_request",
    "forbidden_type",
    "has_double_extension",
    "media_type",
    "message_size",
    "name_key",
    "safe_name",
    "unpack",
    "with_extension_of",
]
