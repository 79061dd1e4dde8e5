"""What a close comparison measures of a copy, for tests to vary."""

from dedup.compare.changes import Changes
from dedup.compare.finding import Colour, Finding
from dedup.compare.transform import Change

COPY = Finding(
    change=Change(scale=1.0, angle=0.0, mirrored=False),
    low_share=1.0,
    high_share=1.0,
    bordered=False,
    zncc=0.99,
    fine_zncc=0.99,
    low_zncc=0.98,
    textured=150,
    colour=Colour.SAME,
    colour_left=1.0,
    changes=Changes(0.0, 0.0),
    page=None,
    points=120,
    matched=160,
    spread=0.6,
    hash_distance=4,
)
