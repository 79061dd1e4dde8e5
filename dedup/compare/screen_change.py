"""What changed between two screenshots of one monitor, place by place.

The mean similarity of two screens says little: a new window of 320 x 160 px leaves it above 0.99. So the screens are
compared block by block, and blocks that changed are put together to areas. Sizes are px of the whole screenshot, also
where half of it is compared.
"""

from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np
from numpy.typing import NDArray

BLOCK_PX = 16
HALF_BLOCK_PX = BLOCK_PX // 2
# Mean difference (0..255, of the channel that differs most) from which a block has changed. A digit of a clock changes
# its block by 15 and more, a message on a ground of nearly its colour by 5; of a JPEG of quality 75 beside the PNG, 2
# of 8,160 blocks differ so much.
CHANGED_GREY = 4.0
# A pointer, a cursor, a small sign: areas of this size may change anywhere ...
SMALL_PX = 48
SMALL_SHARE_OF_HEIGHT = 0.03
# ... and a clock with a date in the bar at the top or the bottom. A message that pops up is higher than a bar.
BAR_SHARE_OF_HEIGHT = 0.06
CLOCK_HEIGHT_PX = 40
CLOCK_SHARE_OF_HEIGHT = 0.03
CLOCK_WIDTH_PX = 160
CLOCK_SHARE_OF_WIDTH = 0.12
# How many such areas a screen may have that counts as the same: pointer here and there, clock, two signs, cursor.
AREAS_MAX = 6
# Blocks that these may have together, as a share of the screen and at least so many. A window of 320 x 160 px has 200.
BLOCKS_SHARE = 0.008
BLOCKS_MIN = 64

Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Area:
    """A place that changed: left, top, width and height in px of the whole screenshot."""

    left: int
    top: int
    width: int
    height: int


@dataclass
class Screen:
    """A screenshot for comparing: its name and its pixels (height, width, 3) uint8, at half its size or whole.

    `key` tells which others it may be compared with: the monitor and the size of the whole screenshot.
    """

    name: str
    rgb: NDArray[np.uint8]
    is_half: bool
    key: tuple[str, int, int]

    @cached_property
    def half(self) -> NDArray[np.uint8]:
        """The pixels at half size, at which blocks are compared: the noise of JPEG is nearly gone there."""
        if self.is_half:
            return self.rgb
        size = (max(1, self.rgb.shape[1] // 2), max(1, self.rgb.shape[0] // 2))
        return np.asarray(cv2.resize(self.rgb, size, interpolation=cv2.INTER_AREA), np.uint8)

    @cached_property
    def grey(self) -> NDArray[np.uint8]:
        """The levels of grey, (height, width)."""
        return np.asarray(cv2.cvtColor(self.rgb, cv2.COLOR_RGB2GRAY), np.uint8)

    @cached_property
    def means(self) -> NDArray[np.float32]:
        """The mean colour of each block, (rows, columns, 3)."""
        return _block_means(self.half.astype(np.float32))


def surely_changed(one: Screen, other: Screen) -> int:
    """How many blocks have another mean colour: so many blocks have changed at least. Takes 0.4 ms."""
    return int((np.abs(one.means - other.means).max(axis=2) >= CHANGED_GREY).sum())


def changed_blocks(one: Screen, other: Screen) -> Mask:
    """The blocks that changed, (rows, columns)."""
    difference = cv2.absdiff(one.half, other.half)
    strongest = np.asarray(cv2.max(cv2.max(*cv2.split(difference)[:2]), cv2.split(difference)[2]), np.float32)
    return np.asarray(_block_means(strongest) >= CHANGED_GREY)


def may_be_same(blocks: int, screen: Screen) -> bool:
    """Whether so few changed blocks can be a clock and a pointer."""
    rows, columns, _ = screen.means.shape
    return bool(blocks <= max(BLOCKS_MIN, BLOCKS_SHARE * rows * columns))


def areas_of(changed: Mask) -> list[Area]:
    """The areas that changed blocks make; blocks with one unchanged block between them belong together."""
    # Two blocks with one between them touch when each is larger by half a block: on a grid of half blocks.
    fine = changed.astype(np.uint8).repeat(2, axis=0).repeat(2, axis=1)
    grown = cv2.dilate(fine, np.ones((3, 3), np.uint8))
    count, labels = cv2.connectedComponents(grown, connectivity=8)
    areas = []
    for label in range(1, count):
        rows, columns = np.nonzero((labels == label) & (fine > 0))
        top, left = int(rows.min()) // 2, int(columns.min()) // 2
        height, width = int(rows.max()) // 2 + 1 - top, int(columns.max()) // 2 + 1 - left
        areas.append(Area(BLOCK_PX * left, BLOCK_PX * top, BLOCK_PX * width, BLOCK_PX * height))
    return areas


def is_same_screen(changed: Mask, screen: Screen) -> bool:
    """Whether nothing changed but what changes by itself: a clock in a bar, a pointer, a cursor."""
    if not may_be_same(int(changed.sum()), screen):
        return False
    areas = areas_of(changed)
    return len(areas) <= AREAS_MAX and all(_changes_by_itself(area, *screen.key[1:]) for area in areas)


def _changes_by_itself(area: Area, width: int, height: int) -> bool:
    # An area that is not aligned with the blocks touches one more of them along each side.
    small = max(SMALL_PX, SMALL_SHARE_OF_HEIGHT * height) + BLOCK_PX
    if max(area.width, area.height) <= small:
        return True
    bar = max(CLOCK_HEIGHT_PX, BAR_SHARE_OF_HEIGHT * height) + BLOCK_PX
    in_bar = area.top + area.height <= bar or area.top >= height - bar
    high = max(CLOCK_HEIGHT_PX, CLOCK_SHARE_OF_HEIGHT * height) + BLOCK_PX
    wide = max(CLOCK_WIDTH_PX, CLOCK_SHARE_OF_WIDTH * width) + BLOCK_PX
    return in_bar and area.height <= high and area.width <= wide


def _block_means(plane: NDArray[np.float32]) -> NDArray[np.float32]:
    """The means of blocks of a plane (h, w) or (h, w, 3) of half size; the last ones repeat the px of its edges."""
    height, width = plane.shape[:2]
    rows, columns = -(-height // HALF_BLOCK_PX), -(-width // HALF_BLOCK_PX)
    padded = cv2.copyMakeBorder(
        plane, 0, rows * HALF_BLOCK_PX - height, 0, columns * HALF_BLOCK_PX - width, cv2.BORDER_REPLICATE
    )
    return np.asarray(cv2.resize(padded, (columns, rows), interpolation=cv2.INTER_AREA), np.float32)
