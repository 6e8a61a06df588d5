"""How much of a file we are willing to read. Every limit is far above what people have and far below what
hurts.
"""

from dataclasses import dataclass

MEGABYTE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Limits:
    file_bytes: int = 100 * MEGABYTE
    unpacked_bytes: int = 2048 * MEGABYTE  # all parts read, together
    small_part_bytes: int = 64 * MEGABYTE  # styles, the list of sheets
    row_bytes: int = 16 * MEGABYTE  # one row as it stands in the file
    cell_characters: int = 131_072  # Excel ends at 32,767
    rows: int = 1_048_576
    columns: int = 1000
    look_behind_bytes: int = 2048 * MEGABYTE  # of a sheet that is looked through for merged cells before it is read
    output_bytes: int = 4096 * MEGABYTE


LIMITS = Limits()
