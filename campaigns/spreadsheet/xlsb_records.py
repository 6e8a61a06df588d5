"""The records that the parts of an .xlsb file are made of ([MS-XLSB] 2.1.4), read from a stream of blocks."""

import struct
from collections.abc import Iterator

from campaigns.spreadsheet.errors import Damaged, TooLarge
from campaigns.spreadsheet.limits import MEGABYTE, Limits

Record = tuple[int, bytes]  # its number as [MS-XLSB] 2.3 lists them, and what it holds


def records(blocks: Iterator[bytes], name: str, limits: Limits) -> Iterator[Record]:
    """Every record of a part. Raises Damaged if it ends inside one, TooLarge for one longer than the limits."""
    data, place = b"", 0
    for block in blocks:
        data, place = data[place:] + block, 0
        end = len(data)
        while place < end:
            try:
                start, kind = place + 2, data[place]
                if kind & 0x80:
                    kind = kind & 0x7F | (data[place + 1] & 0x7F) << 7
                    start += 1
                size = data[start - 1]
                if size & 0x80:
                    size, start = _long_size(data, start - 1)
            except IndexError:
                break
            if size > limits.row_bytes:
                raise TooLarge("unpacks_too_large", name=name, limit=limits.row_bytes // MEGABYTE)
            if start + size > end:
                break
            place = start + size
            yield kind, data[start:place]
    if place < len(data):
        raise Damaged("damaged", name=name)


def _long_size(data: bytes, place: int) -> tuple[int, int]:
    """Up to four bytes of seven bits each, the lowest first; and the place behind them."""
    size = 0
    for shift in (0, 7, 14, 21):
        byte = data[place]
        place += 1
        size |= (byte & 0x7F) << shift
        if byte < 0x80:
            break
    return size, place


def wide_string(data: bytes, place: int) -> tuple[str, int]:
    """An XLWideString at ``place``, and the place behind it. Raises ValueError or struct.error if it ends early."""
    (length,) = struct.unpack_from("<I", data, place)
    end = place + 4 + 2 * length
    if end > len(data):
        raise ValueError(length)
    return data[place + 4 : end].decode("utf-16-le", "replace"), end


def nullable_string(data: bytes, place: int) -> tuple[str, int]:
    """An XLNullableWideString: as ``wide_string``, and "" where there is none."""
    if data[place : place + 4] == b"\xff\xff\xff\xff":
        return "", place + 4
    return wide_string(data, place)
