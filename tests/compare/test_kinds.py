from dataclasses import replace

import numpy as np
import pytest

from dedup.compare.changes import Changes
from dedup.compare.finding import Colour, Finding, Kind
from dedup.compare.kinds import judge, kind_of_copy, plain_surroundings, sentence
from dedup.compare.pages import Page
from dedup.compare.transform import Change
from tests.compare.findings import COPY

SIZE = (800, 600)


@pytest.mark.parametrize(
    ("finding", "kind"),
    [
        (COPY, Kind.SAME_PICTURE),
        (replace(COPY, colour=Colour.GREY), Kind.EDITED),
        (replace(COPY, changes=Changes(0.1, 0.0)), Kind.EDITED),
        (replace(COPY, low_share=0.8, bordered=True), Kind.EDITED),
        (replace(COPY, low_share=0.8), Kind.CROP),
        (replace(COPY, low_share=0.8, colour=Colour.GREY), Kind.CROP),
        (replace(COPY, change=Change(1.0, 90.0, False)), Kind.ROTATED),
        (replace(COPY, change=Change(1.0, 0.0, True), low_share=0.5), Kind.ROTATED),
        (replace(COPY, change=Change(1.0, 5.0, False), low_share=0.7), Kind.CROP),
    ],
)
def test_a_copy_has_the_weakest_kind_that_applies(finding: Finding, kind: Kind) -> None:
    assert kind_of_copy(finding) is kind
    assert judge(finding) is kind


@pytest.mark.parametrize(
    "finding",
    [
        replace(COPY, changes=Changes(0.0, 0.05)),
        replace(COPY, zncc=0.85, fine_zncc=0.8),
        replace(COPY, colour_left=12.0),
    ],
)
def test_what_agrees_less_than_copies_do_is_a_near_shot(finding: Finding) -> None:
    assert judge(finding) is Kind.NEAR_SHOT


@pytest.mark.parametrize(
    "finding",
    [
        replace(COPY, points=6, matched=100),
        replace(COPY, zncc=0.85, points=10, matched=12),
        replace(COPY, zncc=0.85, spread=0.05),
        replace(COPY, zncc=0.85, low_share=0.1),
        replace(COPY, zncc=0.85, points=0, matched=0),
    ],
)
def test_too_little_support_proves_nothing(finding: Finding) -> None:
    assert judge(finding) is None


def _page(changed: float, *, clock: bool = False, text: bool = False, lettering: bool = False) -> Finding:
    return replace(COPY, page=Page(changed, clock, text, lettering), changes=Changes(changed, 0.0))


def test_pages_must_agree_on_every_line() -> None:
    assert judge(_page(0.0)) is Kind.SAME_PICTURE
    assert judge(_page(0.005, clock=True)) is Kind.EDITED
    assert judge(_page(0.005)) is Kind.NEAR_SHOT
    assert judge(_page(0.05)) is Kind.NEAR_SHOT
    assert judge(_page(0.05, text=True)) is None
    assert judge(_page(0.6)) is None


def test_letters_laid_over_a_page_make_it_edited() -> None:
    assert judge(_page(0.4, lettering=True)) is Kind.EDITED
    assert judge(_page(0.4, lettering=True, text=True)) is Kind.EDITED


def test_a_page_that_was_photographed_is_no_copy() -> None:
    assert judge(replace(_page(0.0), skew_degrees=1.0)) is Kind.NEAR_SHOT
    assert judge(replace(_page(0.0), perspective=0.03)) is Kind.NEAR_SHOT
    assert judge(replace(COPY, skew_degrees=1.0)) is Kind.SAME_PICTURE


def test_the_sentence_says_what_was_done_and_the_proof() -> None:
    crop = replace(COPY, low_share=0.71, change=Change(0.5, 0.0, False), points=412, matched=500)
    assert sentence(Kind.CROP, crop, SIZE, (400, 300)) == (
        "same picture, cropped to 71 %, resized to 50 %; 412 matching points, 99 % agreement"
    )
    turned = replace(COPY, change=Change(1.0, 90.0, True), colour=Colour.GREY, points=0, matched=0)
    assert sentence(Kind.ROTATED, turned, SIZE, (600, 800)) == (
        "same picture, mirrored and turned by 90°, one of them in grey; 99 % agreement"
    )
    assert sentence(Kind.NEAR_SHOT, COPY, SIZE, SIZE).startswith(
        "same scene, another moment; 120 matching points"
    )
    assert sentence(Kind.IDENTICAL_PIXELS, COPY, SIZE, SIZE).startswith("identical pixels;")


def test_an_overlay_is_said_with_its_share() -> None:
    assert "12 % changed or covered" in sentence(
        Kind.EDITED, replace(COPY, changes=Changes(0.12, 0)), SIZE, SIZE
    )


def test_surroundings_of_one_colour_are_a_border() -> None:
    frame = np.full((500, 3), 40, np.uint8)
    assert plain_surroundings(frame)
    frame[:100] = 200
    assert not plain_surroundings(frame)
    assert not plain_surroundings(np.zeros((0, 3), np.uint8))
