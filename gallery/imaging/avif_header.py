"""How many frames an AVIF sequence has, which libheif does not tell."""

from pathlib import Path

_MOST_BOXES = 64
# A track's tables of times and places for thousands of frames.
_MOST_MOVIE_BYTES = 4 * 2**20
# Behind the name of a sample size box: version and flags, a common size, the number of samples (ISO/IEC 14496-12).
_COUNT_AT = 12
_MOST_FRAMES = 2**31 - 1


def avif_frame_count(path: Path) -> int:
    """Return the number of pictures in the longest track of an AVIF (AV1 Image File Format, "avis"), 1 without any."""
    movie = _movie_box(path)
    counts = [1]
    at = movie.find(b"stsz")
    while at >= 0:
        counts.append(int.from_bytes(movie[at + _COUNT_AT : at + _COUNT_AT + 4], "big"))
        at = movie.find(b"stsz", at + 4)
    return max(count for count in counts if count <= _MOST_FRAMES)


def _movie_box(path: Path) -> bytes:
    with path.open("rb") as file:
        for _ in range(_MOST_BOXES):
            head = file.read(8)
            length, kind = int.from_bytes(head[:4], "big"), head[4:]
            if kind == b"moov":
                return file.read(min(length, _MOST_MOVIE_BYTES))
            if len(head) < 8 or length < 8:
                break
            file.seek(length - 8, 1)
    return b""
