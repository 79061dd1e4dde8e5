"""Screenshots taken again and again: what is the same, what is similar, what is new."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest
from PIL import Image

from dedup.compare.screen_change import Screen, changed_blocks, is_same_screen, surely_changed
from dedup.compare.ssim import ssim
from dedup.compare.ssim_torch import TorchSsim
from dedup.compare.stream import DUPLICATE_SSIM, Judgement, Outcome, Stream
from tests.screens import FULL_HD, desk, locked, with_line, with_message, with_pointer

if TYPE_CHECKING:
    from collections.abc import Callable


def screen(name: str, picture: Image.Image, is_half: bool = True, monitor: str = "") -> Screen:
    """The picture as the guarded child sends it."""
    width, height = picture.size
    pixels = np.asarray(picture, np.uint8)
    if is_half:
        pixels = np.asarray(
            cv2.resize(pixels, (width // 2, height // 2), interpolation=cv2.INTER_AREA), np.uint8
        )
    return Screen(name, pixels, is_half, (monitor, width, height))


@cache
def drawn(what: str) -> Image.Image:
    """Each kind of screen, drawn once."""
    base = desk()
    pictures: dict[str, Callable[[], Image.Image]] = {
        "desk": lambda: base,
        "next minute": lambda: desk(clock="13:00"),
        "other day": lambda: desk(clock="08:47"),
        "pointer": lambda: with_pointer(desk(clock="13:00"), (600, 500)),
        "message": lambda: with_message(base),
        "small message": lambda: with_message(base, (220, 60)),
        "line": lambda: with_line(base),
        "other window": lambda: desk(2),
        "third window": lambda: desk(3),
        "locked": locked,
    }
    return pictures[what]()


def judged(names: list[str], window: int = 10, is_half: bool = True) -> list[Judgement]:
    """What each of the screens is, in this order; the name is what it shows and its place."""
    stream = Stream(window, ssim)
    return [stream.judge(screen(f"{what} {place}", drawn(what), is_half)) for place, what in enumerate(names)]


@pytest.mark.parametrize("what", ["desk", "next minute", "other day", "pointer"])
@pytest.mark.parametrize("is_half", [True, False])
def test_a_screen_on_which_only_clock_and_pointer_changed_is_a_duplicate(what: str, is_half: bool) -> None:
    _, second = judged(["desk", what], is_half=is_half)

    assert (second.outcome, second.other) == (Outcome.DUPLICATE, "desk 0")
    assert (second.score or 0) >= DUPLICATE_SSIM


@pytest.mark.parametrize("what", ["message", "small message", "line"])
@pytest.mark.parametrize("is_half", [True, False])
def test_a_small_window_or_a_line_of_text_is_no_duplicate_however_high_the_mean(
    what: str, is_half: bool
) -> None:
    _, second = judged(["desk", what], is_half=is_half)

    assert (second.outcome, second.other) == (Outcome.SIMILAR, "desk 0")


def test_the_mean_alone_would_call_a_message_the_same() -> None:
    _, second = judged(["desk", "small message"], is_half=False)

    assert (second.score or 0) > DUPLICATE_SSIM
    area = second.largest_change
    assert area is not None
    assert 220 <= area.width <= 256 and 60 <= area.height <= 96
    assert area.left >= FULL_HD[0] - 272


def test_another_window_is_kept() -> None:
    assert [one.outcome for one in judged(["desk", "other window", "locked"])] == [Outcome.KEPT] * 3


def test_a_lock_screen_that_returns_is_found_again_after_many_others() -> None:
    # Each time it returns it moves to the front, so that a window of 3 holds it though 4 others came since the first.
    names = ["locked", "desk", "other window", "locked", "third window", "line", "locked"]

    found = judged(names, window=3)

    assert [found[place].other for place in (3, 6)] == ["locked 0", "locked 0"]
    assert found[3].score == found[6].score == 1.0


def test_without_the_return_in_between_the_window_forgets_it() -> None:
    found = judged(["locked", "desk", "other window", "third window", "locked"], window=3)

    assert found[4].outcome is Outcome.KEPT


def test_a_screen_that_changes_little_by_little_is_compared_with_what_was_kept() -> None:
    pictures = [desk()]
    for place in range(4):
        pictures.append(with_line(pictures[-1], " " * 4 * place + "ab"))
    stream = Stream(10, ssim)

    outcomes = [stream.judge(screen(str(place), one)).outcome for place, one in enumerate(pictures)]

    assert outcomes[1] is Outcome.DUPLICATE
    assert outcomes[4] is Outcome.SIMILAR


@pytest.mark.parametrize(
    ("one", "other"), [("desk", "message"), ("desk", "other window"), ("line", "locked")]
)
def test_the_quick_count_never_says_more_than_the_whole_comparison(one: str, other: str) -> None:
    low, high = screen("low", drawn(one)), screen("high", drawn(other))

    assert 0 < surely_changed(low, high) <= changed_blocks(low, high).sum()


def test_a_change_on_which_screens_of_odd_sizes_end_is_seen() -> None:
    before = desk(size=(1366, 767))
    after = before.copy()
    after.paste((255, 0, 0), (1366 - 200, 767 - 40, 1366, 767))
    low, high = screen("low", before, is_half=False), screen("high", after, is_half=False)

    assert not is_same_screen(changed_blocks(low, high), low)


def test_half_size_full_size_and_convolutions_give_the_same_verdicts() -> None:
    names = [
        *("locked", "desk", "next minute", "message", "desk", "pointer", "other window", "locked"),
        *("line", "small message", "third window", "other day", "locked", "line"),
    ]
    half = [(one.outcome, one.other) for one in judged(names)]

    assert half == [(one.outcome, one.other) for one in judged(names, is_half=False)]
    on_torch = Stream(10, TorchSsim("cpu"))
    found = [on_torch.judge(screen(f"{what} {place}", drawn(what))) for place, what in enumerate(names)]
    assert half == [(one.outcome, one.other) for one in found]
    assert {outcome for outcome, _ in half} == set(Outcome)
