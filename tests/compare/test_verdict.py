from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from dedup.compare.kinds import Kind
from dedup.compare.verdict import compare
from tests.compare.drawing import (
    another_moment,
    bordered,
    brighter,
    captioned,
    cropped,
    grey,
    pixels,
    recompressed,
    resized,
    shown_on_screen,
    side,
    tilted,
    verdict,
    watermarked,
    with_ball,
)
from tests.pictures import flat, gradient, scene, screenshot, text_page

Change = Callable[[Image.Image], Image.Image]

CHANGES: dict[str, tuple[Kind, Change]] = {
    "half size": (Kind.SAME_PICTURE, lambda image: resized(image, 0.5)),
    "quarter size": (Kind.SAME_PICTURE, lambda image: resized(image, 0.25)),
    "quality 30": (Kind.SAME_PICTURE, lambda image: recompressed(image, 30)),
    "grey": (Kind.EDITED, grey),
    "darker": (Kind.EDITED, lambda image: brighter(image, 0.65)),
    "brighter": (Kind.EDITED, lambda image: brighter(image, 1.3)),
    "border": (Kind.EDITED, bordered),
    "caption": (Kind.EDITED, lambda image: captioned(image, "lantern in the harbour")),
    "watermark": (Kind.EDITED, watermarked),
    "crop by a tenth": (Kind.CROP, lambda image: cropped(image, 0.03, 0.05, 0.98, 1)),
    "crop to half": (Kind.CROP, lambda image: cropped(image, 0.25, 0.1, 0.95, 0.8)),
    "crop to a quarter": (Kind.CROP, lambda image: cropped(image, 0.4, 0.3, 0.9, 0.8)),
    "on a screen": (Kind.CROP, shown_on_screen),
    "straightened": (Kind.CROP, lambda image: tilted(image, 5)),
    "crop, small, quality 50": (
        Kind.CROP,
        lambda image: recompressed(resized(cropped(image, 0, 0, 0.95, 0.95), 0.6), 50),
    ),
    "mirrored": (Kind.ROTATED, lambda image: image.transpose(Image.Transpose.FLIP_LEFT_RIGHT)),
    "quarter turn": (Kind.ROTATED, lambda image: image.transpose(Image.Transpose.ROTATE_90)),
    "upside down": (Kind.ROTATED, lambda image: image.transpose(Image.Transpose.ROTATE_180)),
    "mirrored crop": (
        Kind.ROTATED,
        lambda image: cropped(image, 0, 0, 0.8, 0.9).transpose(Image.Transpose.FLIP_LEFT_RIGHT),
    ),
}


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("seed", [1, 2])
def test_each_change_is_found_and_named(change: str, seed: int) -> None:
    kind, apply = CHANGES[change]
    original = scene(seed)
    found = verdict(original, apply(original))
    assert found is not None
    assert found.kind is kind
    assert found.confidence > 0.9
    assert found.sentence.startswith("same picture")


@pytest.mark.parametrize("seed", range(10, 18))
def test_different_scenes_are_no_pair(seed: int) -> None:
    assert verdict(scene(seed), scene(seed + 100)) is None


TRAPS: dict[str, tuple[Image.Image, Image.Image]] = {
    "two gradients": (
        gradient((500, 375), (200, 30, 40), (20, 60, 200)),
        gradient((500, 375), (190, 60, 50), (30, 50, 220)),
    ),
    "two text pages of one layout": (text_page(1), text_page(2)),
    "two screens of one program": (screenshot(1), screenshot(2)),
    "two flat colours": (flat((500, 375), (90, 140, 60)), flat((500, 375), (90, 150, 60))),
    "one caption on two scenes": (captioned(scene(3), "lantern river"), captioned(scene(4), "lantern river")),
    "one watermark on two scenes": (watermarked(scene(3)), watermarked(scene(4))),
    "one frame around two scenes": (bordered(scene(3)), bordered(scene(4))),
    "two scenes on equal screens": (shown_on_screen(scene(3)), shown_on_screen(scene(4))),
    "a scene and a page": (scene(3), text_page(3)),
}


@pytest.mark.parametrize("trap", TRAPS)
def test_traps_are_no_pair(trap: str) -> None:
    assert verdict(*TRAPS[trap]) is None


def _flat_with_disc(x: int, colour: tuple[int, int, int]) -> Image.Image:
    picture = flat((500, 375), (30, 90, 160))
    ImageDraw.Draw(picture).ellipse((x, 150, x + 40, 190), fill=colour)
    return picture


def test_flat_pictures_with_a_disc_elsewhere_or_of_another_colour_are_no_pair() -> None:
    one = _flat_with_disc(100, (220, 180, 20))
    assert verdict(one, _flat_with_disc(300, (220, 180, 20))) is None
    assert verdict(one, _flat_with_disc(100, (20, 180, 20))) is None


def test_a_dull_picture_and_its_compressed_copy_are_the_same_picture() -> None:
    dull = gradient((500, 375), (200, 30, 40), (20, 60, 200))
    found = verdict(dull, recompressed(resized(dull, 0.5), 90))
    assert found is not None
    assert found.kind is Kind.SAME_PICTURE


def test_a_copy_of_a_text_page_is_found_and_one_with_another_line_is_not() -> None:
    page = text_page(5)
    copy = verdict(page, recompressed(resized(page, 0.8), 70))
    assert copy is not None
    assert copy.kind is Kind.SAME_PICTURE
    other = page.copy()
    line = text_page(6).crop((0, 334, 600, 364))
    other.paste(line, (0, 334))
    assert verdict(page, other) is None


def _with_clock(picture: Image.Image, time: str) -> Image.Image:
    result = picture.copy()
    ImageDraw.Draw(result).text((910, 14), time, fill="white")
    return result


def test_a_screen_whose_clock_alone_changed_is_edited() -> None:
    found = verdict(_with_clock(screenshot(7), "12:41"), _with_clock(screenshot(7), "17:58"))
    assert found is not None
    assert found.kind in (Kind.EDITED, Kind.SAME_PICTURE)


def test_a_screen_with_a_new_window_is_no_copy() -> None:
    window = screenshot(8).copy()
    draw = ImageDraw.Draw(window)
    draw.rectangle((360, 220, 680, 380), fill=(255, 255, 255), outline=(90, 90, 90), width=2)
    draw.text((380, 250), "Do you want to save the letter?", fill=(20, 20, 20))
    found = verdict(screenshot(8), window)
    assert found is None or found.kind is Kind.NEAR_SHOT


@pytest.mark.parametrize("seed", [21, 22, 23])
def test_another_moment_of_a_scene_is_a_near_shot(seed: int) -> None:
    found = verdict(*another_moment(seed))
    assert found is not None
    assert found.kind is Kind.NEAR_SHOT
    assert "another moment" in found.sentence


@pytest.mark.parametrize("seed", [24, 25, 26])
def test_a_ball_that_rolled_through_a_still_scene_makes_a_near_shot(seed: int) -> None:
    still = scene(seed)
    found = verdict(with_ball(still, 0.3, 0.6), with_ball(still, 0.65, 0.62))
    assert found is not None
    assert found.kind is Kind.NEAR_SHOT


def test_one_template_with_other_text_is_edited() -> None:
    template = scene(31)
    found = verdict(captioned(template, "lantern"), captioned(template, "thunder"))
    assert found is not None
    assert found.kind is Kind.EDITED


def test_the_verdict_does_not_depend_on_which_picture_is_low() -> None:
    whole, part = scene(41), cropped(scene(41), 0.2, 0.2, 0.8, 0.9)
    there, back = verdict(whole, part), verdict(part, whole)
    assert there is not None
    assert back is not None
    assert (there.kind, there.confidence, there.sentence) == (back.kind, back.confidence, back.sentence)
    assert (there.evidence["low_share"], there.evidence["high_share"]) == (
        back.evidence["high_share"],
        back.evidence["low_share"],
    )
    assert float(there.evidence["scale"] or 0) * float(back.evidence["scale"] or 0) == pytest.approx(
        1, abs=1e-3
    )
    forth = np.vstack([there.transform, [0, 0, 1]])
    assert forth @ np.vstack([back.transform, [0, 0, 1]]) == pytest.approx(np.eye(3), abs=1e-3)


def test_the_transform_leads_from_low_to_high() -> None:
    whole, part = scene(42), cropped(scene(42), 0.25, 0.25, 0.75, 0.75)
    found = verdict(part, whole)
    assert found is not None
    assert np.array(found.transform) @ (0, 0, 1) == pytest.approx((0.25, 0.25), abs=0.005)
    assert np.array(found.transform) @ (1, 1, 1) == pytest.approx((0.75, 0.75), abs=0.005)
    assert "cropped to 25 %" in found.sentence


def test_equal_pixels_are_asked_for_only_when_all_else_agrees() -> None:
    asked: list[str] = []

    def answer(name: str, equal: bool) -> Callable[[], bool]:
        def ask() -> bool:
            asked.append(name)
            return equal

        return ask

    original = side(scene(51))
    same = compare(original, side(scene(51)), pixels_equal=answer("same", True))
    assert same is not None
    assert same.kind is Kind.IDENTICAL_PIXELS
    assert same.confidence == 1.0
    compressed = compare(
        original, side(recompressed(scene(51), 80)), pixels_equal=answer("compressed", False)
    )
    assert compressed is not None
    assert compressed.kind is Kind.SAME_PICTURE
    compare(original, side(resized(scene(51), 0.5)), pixels_equal=answer("smaller", True))
    compare(original, side(scene(52)), pixels_equal=answer("other", True))
    compare(original, side(grey(scene(51))), pixels_equal=answer("grey", True))
    assert asked == ["same", "compressed"]


def test_animated_pictures_are_never_identical_on_their_first_frame_alone() -> None:
    found = compare(side(scene(61), animated=True), side(scene(61)), pixels_equal=lambda: True)
    assert found is not None
    assert found.kind is Kind.SAME_PICTURE


def test_a_preview_is_loaded_once_for_many_comparisons_and_not_when_nothing_aligns() -> None:
    loaded: list[int] = []
    whole = side(scene(71))
    rgb = pixels(scene(71))

    def load() -> NDArray[np.uint8]:
        loaded.append(1)
        return rgb

    whole.load_preview = load
    compare(whole, side(scene(72)))
    for factor in (0.5, 0.7):
        assert compare(whole, side(resized(scene(71), factor))) is not None
    assert len(loaded) == 1


def test_evidence_names_the_picture_that_carries_the_overlay_in_either_order() -> None:
    plain, marked = scene(44), captioned(scene(44), "lantern in the harbour")
    there, back = verdict(plain, marked), verdict(marked, plain)
    assert there is not None
    assert back is not None
    assert {there.evidence["overlay_on"], back.evidence["overlay_on"]} == {"high", "low"}
    assert there.evidence["overlay_on"] == "high"


def test_evidence_holds_what_a_person_can_check() -> None:
    found = verdict(scene(81), bordered(scene(81)))
    assert found is not None
    assert found.evidence["bordered"] is True
    assert float(found.evidence["points"] or 0) > 50
    assert float(found.evidence["agreement_zncc"] or 0) > 0.95
    assert "border" in found.sentence


def test_pictures_of_one_size_are_told_apart_without_comparing_their_colours(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def compare_colours(*planes: object) -> None:
        raise AssertionError("The structure alone tells these two apart.")

    monkeypatch.setattr("dedup.compare.overlap.difference_after_fit", compare_colours)

    assert compare(side(scene(1)), side(scene(2))) is None
