"""What Pillow's reader of EXIF was seen to raise on broken blocks."""

import struct

EXIF_ERRORS = (
    ValueError,
    TypeError,
    KeyError,
    IndexError,
    SyntaxError,
    OverflowError,
    OSError,
    struct.error,
)
