import itertools
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from dedup.compare.keeper import PhotoFacts, quality_from_size, suggest
from dedup.compare.keeper_rules import DEFAULT_RULES, Criterion, Preference, Trait

BASE = PhotoFacts(key="base", width=4000, height=3000, file_size=4_000_000, jpeg_quality=92)


def _keeper(*members: PhotoFacts[str]) -> tuple[str, str]:
    answers = {
        (suggest(order).keeper, " ".join(suggest(order).reasons)) for order in itertools.permutations(members)
    }
    assert len(answers) == 1, "the order of the members decided"
    return answers.pop()


def test_the_larger_photo_is_kept() -> None:
    keeper, why = _keeper(BASE, replace(BASE, key="small", width=1200, height=900, file_size=300_000))
    assert keeper == "base"
    assert "most detail (4000 x 3000; the next 1200 x 900)" in why


def test_an_upscaled_copy_has_no_more_detail() -> None:
    upscaled = replace(BASE, key="upscaled", width=8000, height=6000, true_long_side=4000.0, jpeg_quality=80)
    keeper, why = _keeper(BASE, upscaled)
    assert keeper == "base"
    assert "only enlarged" in why


def test_the_whole_picture_is_kept_before_a_crop_of_the_same_detail() -> None:
    crop = replace(BASE, key="crop", width=2800, height=2100, shown_share=0.5, jpeg_quality=99)
    keeper, why = _keeper(BASE, crop)
    assert keeper == "base"
    assert "whole picture (another only 50 %" in why


def test_the_unedited_is_kept_before_the_edited() -> None:
    keeper, why = _keeper(
        BASE, replace(BASE, key="marked", edits=("overlay",), jpeg_quality=100, metadata_fields=9)
    )
    assert keeper == "base"
    assert "not edited (others: overlay)" in why


def test_the_less_compressed_is_kept() -> None:
    keeper, why = _keeper(BASE, replace(BASE, key="squeezed", jpeg_quality=40, metadata_fields=3))
    assert keeper == "base"
    assert "quality about 92 against 40" in why


def test_among_equals_metadata_then_the_earlier_date_decide() -> None:
    early = replace(BASE, key="early", date=datetime(2019, 5, 4, tzinfo=UTC))
    late = replace(BASE, key="late", date=datetime(2021, 5, 4, tzinfo=UTC))
    assert _keeper(early, late) == ("early", "it is the earliest (2019-05-04)")
    assert _keeper(early, replace(late, metadata_fields=12))[0] == "late"


def test_a_lossless_file_is_less_compressed_than_any_jpeg() -> None:
    png = replace(BASE, key="png", media_type="image/png", jpeg_quality=None)
    assert _keeper(replace(BASE, jpeg_quality=85), png)[0] == "png"


def test_equal_copies_are_said_to_be_equal() -> None:
    keeper, why = _keeper(BASE, replace(BASE, key="other"))
    assert keeper == "base"
    assert "equally good" in why


def test_all_members_are_ordered() -> None:
    small = replace(BASE, key="small", width=400, height=300)
    middle = replace(BASE, key="middle", width=2000, height=1500)
    assert suggest([small, BASE, middle]).order == ("base", "middle", "small")


def test_a_group_of_one_needs_no_reason_and_an_empty_one_is_an_error() -> None:
    assert suggest([BASE]).reasons == ()
    with pytest.raises(ValueError, match="without members"):
        suggest([])


@pytest.mark.parametrize("quality", range(70, 96))
def test_a_little_more_quality_does_not_outweigh_what_the_camera_wrote(quality: int) -> None:
    original = replace(BASE, key="original", jpeg_quality=quality, metadata_fields=12)
    saved_again = replace(BASE, key="saved again", jpeg_quality=quality + 2)
    assert _keeper(original, saved_again)[0] == "original"


def test_more_bits_per_pixel_mean_more_quality() -> None:
    qualities = [quality_from_size(size, 1_000_000) for size in (20_000, 100_000, 300_000, 900_000)]
    assert qualities == sorted(set(qualities))


def test_a_png_made_of_a_poor_jpeg_is_as_poor() -> None:
    png = replace(BASE, key="png", media_type="image/png", jpeg_quality=None, saved_quality=30)
    assert _keeper(replace(BASE, saved_quality=90), png)[0] == "base"


def test_what_was_saved_poorly_before_does_not_become_better_by_saving_it_well() -> None:
    again = replace(BASE, key="again", file_size=9_000_000, saved_quality=40)
    keeper, why = _keeper(replace(BASE, saved_quality=92), again)
    assert keeper == "base"
    assert "quality about 92 against 40" in why


def test_an_enlarged_copy_is_edited_though_it_was_compressed_less() -> None:
    enlarged = replace(
        BASE, key="enlarged", width=6000, height=4500, true_long_side=4000.0, edits=("enlarged",)
    )
    assert _keeper(replace(BASE, jpeg_quality=80), enlarged)[0] == "base"


def test_what_comes_first_in_the_rules_decides() -> None:
    early = replace(BASE, key="early", width=2000, height=1500, date=datetime(2019, 5, 4, tzinfo=UTC))
    late = replace(BASE, key="late", date=datetime(2021, 5, 4, tzinfo=UTC))
    by_date = (Criterion.DATE, *(rule for rule in DEFAULT_RULES if rule is not Criterion.DATE))
    assert suggest([early, late]).keeper == "late"
    assert suggest([early, late], by_date).keeper == "early"
    assert suggest([early, late], by_date).reasons[0] == "it is the earliest (2019-05-04)"


def test_a_preference_decides_at_its_place_and_is_a_reason() -> None:
    wanted = Preference(Trait.ALBUM, "Lisbon")
    small = replace(BASE, key="small", width=1000, height=750, preferred=frozenset({wanted}))
    assert suggest([BASE, small], (*DEFAULT_RULES, wanted)).keeper == "base"
    first = suggest([BASE, small], (wanted, *DEFAULT_RULES))
    assert first.keeper == "small"
    assert first.reasons[0] == "it is in the album Lisbon, as your rules prefer"
