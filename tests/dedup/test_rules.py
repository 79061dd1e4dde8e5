"""The rules by which photos are kept: stored, tried out, applied, on the page and over the API."""

from __future__ import annotations

import itertools
import re
from dataclasses import replace
from html import unescape
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from dedup import resuggest
from dedup.compare.keeper_rules import DEFAULT_RULES, Criterion, Preference, Trait, text_of
from dedup.detection_settings import GROUP_STAGE
from dedup.group_stage import GroupStage
from dedup.models import Group, GroupStatus, KeeperRules
from dedup.resolution import dismiss_group, resolve_group
from dedup.resuggest import apply_rules, try_rules
from dedup.rules import current_rules, save_rules
from gallery import jobs
from gallery.albums import add_to_album
from gallery.models import Album, Job, Role, User
from tests.dedup.rows import all_rows, group_now, grouped, make_photos, match, moderator
from tests.dedup.test_api import JSON, client_of
from tests.factories import make_user

if TYPE_CHECKING:
    from dedup.compare.keeper_rules import Rule, Rules
    from dedup.resuggest import Outcome
    from gallery.models import Photo

pytestmark = pytest.mark.django_db


def slow_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let each batch take all the time that there is."""
    monkeypatch.setattr(
        resuggest, "time", SimpleNamespace(monotonic=itertools.count(0, 2 * resuggest.SECONDS).__next__)
    )


USUAL = [text_of(rule) for rule in DEFAULT_RULES]
PNG = Preference(Trait.FORMAT, "png")


def first(rule: Rule) -> Rules:
    return (rule, *(other for other in DEFAULT_RULES if other != rule))


def with_png_last(count: int = 2) -> tuple[Group, list[Photo]]:
    """A group whose worst photo is the only PNG."""
    photos = [*make_photos(count - 1), *make_photos(1, media_type="image/png", width=400, height=300)]
    for photo in photos[1:]:
        match(photos[0], photo)
    group_now(photos)
    return Group.objects.get(members__photo=photos[0]), photos


def test_without_a_row_the_usual_rules_hold() -> None:
    assert current_rules() == DEFAULT_RULES


def test_saved_rules_hold_and_are_one_row() -> None:
    user = moderator()
    save_rules(rules=first(PNG), by=user)
    save_rules(rules=first(Criterion.DATE), by=user)

    assert current_rules() == first(Criterion.DATE)
    assert KeeperRules.objects.get().changed_by == user


def test_only_moderators_change_them() -> None:
    with pytest.raises(PermissionDenied):
        save_rules(rules=DEFAULT_RULES, by=make_user(role=Role.UPLOADER))


def test_new_groups_follow_the_rules_that_hold() -> None:
    save_rules(rules=first(PNG), by=moderator())
    group, photos = with_png_last()
    assert group.suggested_keeper == photos[-1]
    assert group.why[0] == "it is a PNG file, as your rules prefer"


@pytest.mark.parametrize("trait", [Trait.ALBUM, Trait.FOLDER, Trait.UPLOADER])
def test_albums_folders_and_people_can_be_preferred(trait: Trait) -> None:
    mira = make_user("Mira")
    photos = [*make_photos(1), *make_photos(1, owner=mira, source="2019/Rome/day 1", width=300, height=200)]
    album = Album.objects.create(owner=mira, name="Lisbon")
    add_to_album(album=album, photos=[photos[1]])
    match(photos[0], photos[1])
    group_now(photos)
    names = {Trait.ALBUM: "lisbon", Trait.FOLDER: "2019/rome", Trait.UPLOADER: "mira"}

    (sample,) = try_rules(first(Preference(trait, names[trait]))).samples

    assert (sample.old_id, sample.new_id) == (photos[0].pk, photos[1].pk)


def test_a_folder_of_a_longer_name_is_another_folder() -> None:
    photos = [*make_photos(1), *make_photos(1, source="2019/Romeo", width=300, height=200)]
    match(photos[0], photos[1])
    group_now(photos)
    assert try_rules(first(Preference(Trait.FOLDER, "2019/Rome"))).changed == 0


def test_a_trial_counts_and_changes_nothing() -> None:
    group, photos = with_png_last()
    grouped(2)
    before = all_rows()

    outcome = try_rules(first(PNG))

    assert (outcome.groups, outcome.changed) == (2, 1)
    assert outcome.samples[0].group_id == group.pk
    assert (outcome.samples[0].old_id, outcome.samples[0].new_id) == (photos[0].pk, photos[1].pk)
    assert outcome.bytes_then - outcome.bytes_now == photos[0].file_size - photos[1].file_size
    assert all_rows() == before


def test_applying_changes_the_groups_and_nothing_else() -> None:
    group, photos = with_png_last(3)
    other, _ = grouped(2)
    match(photos[1], photos[2])

    outcome = apply_rules(rules=first(PNG), by=moderator())

    assert (outcome.groups, outcome.changed) == (2, 1)
    changed = Group.objects.get(pk=group.pk)
    assert changed.suggested_keeper == photos[2]
    assert changed.version > group.version
    assert changed.bytes_saved == photos[0].file_size + photos[1].file_size
    assert {row.photo_id: row.verdict for row in changed.members.all()} == {
        photos[0].pk: "same-picture",
        photos[1].pk: "same-picture",
        photos[2].pk: "",
    }
    assert Group.objects.get(pk=other.pk).version == other.version
    assert current_rules() == first(PNG)


def test_a_group_whose_new_keeper_was_not_verified_with_all_is_made_anew() -> None:
    _, photos = with_png_last(3)

    apply_rules(rules=first(PNG), by=moderator())

    keepers = set(Group.objects.filter(status=GroupStatus.OPEN).values_list("suggested_keeper", flat=True))
    assert photos[2].pk in keepers
    apply_rules(rules=DEFAULT_RULES, by=moderator())
    assert Group.objects.get(status=GroupStatus.OPEN, members__photo=photos[2]).suggested_keeper == photos[0]


def test_decided_groups_are_left_alone() -> None:
    user = moderator()
    kept, photos = with_png_last()
    resolve_group(
        group_id=kept.pk, keep=[photos[0].pk], trash=[photos[1].pk], version=kept.version, user=user
    )
    dismissed, _ = with_png_last()
    dismiss_group(group_id=dismissed.pk, user=user, version=dismissed.version)
    before = all_rows()

    assert apply_rules(rules=first(PNG), by=user).groups == 0
    assert all_rows() == before


def test_applying_takes_as_many_queries_for_many_groups_as_for_few() -> None:
    user = moderator()

    def queries() -> int:
        apply_rules(rules=DEFAULT_RULES, by=user)
        with CaptureQueriesContext(
            connection,
        ) as made:
            apply_rules(rules=first(PNG), by=user)
        return len(made)

    with_png_last()
    few = queries()
    for _ in range(4):
        with_png_last()
    assert queries() == few


def all_steps(rules: Rules) -> list[Outcome]:
    """The answers of a trial for which there is hardly any time."""
    steps = [replace(try_rules(rules))]
    while steps[-1].left:
        steps.append(replace(try_rules(rules, replace(steps[-1], samples=[*steps[-1].samples]))))
    return steps


def test_a_trial_in_parts_finds_what_one_at_once_finds(monkeypatch: pytest.MonkeyPatch) -> None:
    for count in (2, 3, 2, 4):
        with_png_last(count)
    grouped(2)
    whole = try_rules(first(PNG))
    monkeypatch.setattr(resuggest, "BATCH_GROUPS", 2)
    slow_clock(monkeypatch)

    steps = all_steps(first(PNG))

    assert [step.left for step in steps] == [3, 1, 0]
    assert steps[-1] == whole


def test_what_applying_has_no_time_for_is_owed_to_the_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    made = [with_png_last(2) for _ in range(3)]
    monkeypatch.setattr(resuggest, "BATCH_GROUPS", 1)
    slow_clock(monkeypatch)

    outcome = apply_rules(rules=first(PNG), by=moderator())

    assert (outcome.groups, outcome.changed, outcome.left) == (1, 1, 2)
    owed = Job.objects.filter(stage=GROUP_STAGE)
    assert set(owed.values_list("photo_id", flat=True)) == {photos[0].pk for _, photos in made[1:]}
    GroupStage().run(jobs.claim(stage=GROUP_STAGE, limit=20))
    keepers = {Group.objects.get(pk=group.pk).suggested_keeper_id for group, _ in made}
    assert keepers == {photos[1].pk for _, photos in made}
    assert not Job.objects.filter(stage=GROUP_STAGE).exists()


def test_a_trial_reads_each_batch_by_as_many_queries() -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as made:
            try_rules(first(PNG))
        return len(made)

    with_png_last()
    few = queries()
    for _ in range(5):
        with_png_last(3)
    assert queries() == few <= 9


# --- the page


def page(user: User, query: str = "") -> Any:
    return client_of(user).get(reverse("duplicate-rules") + query, follow=True)


def test_the_page_shows_the_rules_in_order_with_buttons() -> None:
    html = page(moderator()).content.decode()
    assert html.index("Shows the most detail") < html.index("Is the earliest")
    assert 'aria-label="Move up: is the earliest"' in html
    assert "This order holds now" in html


def test_a_button_moves_a_rule_and_keeps_the_focus() -> None:
    query = "?" + "&".join(f"rule={text}" for text in USUAL) + "&move=up-6"
    answer = page(moderator(), query)
    assert answer.redirect_chain
    html = answer.content.decode()
    assert html.index("Is the earliest") < html.index("Has the most metadata")
    assert "autofocus" in html[html.index("Move up: is the earliest") :][:120]
    assert current_rules() == DEFAULT_RULES


@pytest.mark.parametrize("move", ["up-0", "down-6", "up-99", "sideways-2", "remove-x"])
def test_a_button_that_leads_nowhere_does_no_harm(move: str) -> None:
    query = "?" + "&".join(f"rule={text}" for text in USUAL) + f"&move={move}"
    assert page(moderator(), query).status_code == 200


def test_a_preference_is_added_and_removed() -> None:
    rules = "&".join(f"rule={text}" for text in USUAL)
    html = page(moderator(), f"?{rules}&move=add&trait=format&value=png").content.decode()
    assert html.index("Is a PNG file") < html.index("Shows the most detail")
    html = page(moderator(), f"?rule=format:png&{rules}&move=remove-0").content.decode()
    assert "Is a PNG file" not in html


def test_an_address_with_wrong_rules_says_why() -> None:
    html = page(moderator(), "?rule=detail").content.decode()
    assert "Name every criterion once" in html


def test_a_trial_on_the_page_shows_old_and_new_and_offers_to_apply() -> None:
    with_png_last()
    rules = "&".join(f"rule={text}" for text in ["format:png", *USUAL])
    html = page(moderator(), f"?{rules}&try=1").content.decode()
    assert "<strong>1</strong> would suggest another photo" in html
    assert "as your rules prefer" in html
    assert "Use this order" in html
    assert not KeeperRules.objects.exists()


def test_a_long_trial_goes_on_by_itself_until_it_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(3):
        with_png_last()
    monkeypatch.setattr(resuggest, "BATCH_GROUPS", 1)
    slow_clock(monkeypatch)
    user = moderator()
    rules = "&".join(f"rule={text}" for text in ["format:png", *USUAL])

    html = page(user, f"?{rules}&try=1").content.decode()
    assert "1 open group looked at, 2 to go" in html
    on = re.search(r'hx-get="[^"?]*([^"]*)"', html)
    assert on
    further = unescape(on[1])
    assert "2 open groups looked at, 1 to go" in page(user, further).content.decode()

    stopped = page(user, f"{further}&stop=1").content.decode()
    assert "2 open groups looked at, 1 to go" in stopped
    assert "hx-get" not in stopped
    assert "Go on" in stopped

    html = page(user, further).content.decode()
    assert "to go" not in html
    assert "<strong>3</strong> would suggest another photo" in html
    assert "1 open group looked at" in page(user, f"?{rules}&try=1&trial=%20nonsense").content.decode()


def test_the_form_applies_the_order() -> None:
    group, photos = with_png_last()
    answer = client_of(moderator()).post(
        reverse("duplicate-rules-apply"), {"rule": ["format:png", *USUAL]}, follow=True
    )
    assert "1 of 1 open groups suggest another photo" in answer.content.decode()
    assert Group.objects.get(pk=group.pk).suggested_keeper == photos[1]


def test_a_form_with_wrong_rules_changes_nothing() -> None:
    answer = client_of(moderator()).post(reverse("duplicate-rules-apply"), {"rule": "detail"}, follow=True)
    assert "Name every criterion once" in answer.content.decode()
    assert not KeeperRules.objects.exists()


# --- the API


def put(user: User, rules: object, query: str = "") -> Any:
    return client_of(user).put(f"/api/v1/duplicates/rules{query}", {"rules": rules}, content_type=JSON)


def test_the_api_reads_tries_and_applies() -> None:
    user = moderator()
    group, photos = with_png_last()
    assert client_of(user).get("/api/v1/duplicates/rules").json() == {"rules": USUAL}

    tried = put(user, ["format:png", *USUAL], "?dry_run=true").json()

    assert (tried["applied"], tried["groups"], tried["changed"]) == (False, 1, 1)
    assert tried["samples"] == [
        {
            "group": group.pk,
            "old_keeper": photos[0].pk,
            "new_keeper": photos[1].pk,
            "why": tried["samples"][0]["why"],
        }
    ]
    assert current_rules() == DEFAULT_RULES
    applied = put(user, ["format:png", *USUAL]).json()
    assert applied == tried | {"applied": True}
    assert client_of(user).get("/api/v1/duplicates/rules").json()["rules"][0] == "format:png"
    assert put(user, ["format:png", *USUAL]).json()["changed"] == 0


@pytest.mark.parametrize("rules", [["detail"], [*USUAL, "beauty"], [*USUAL, "album:a\0b"], "detail", [1]])
def test_the_api_refuses_wrong_rules(rules: object) -> None:
    answer = put(moderator(), rules)
    assert answer.status_code == 422
    assert not KeeperRules.objects.exists()


def test_the_api_is_for_moderators() -> None:
    user = make_user(role=Role.UPLOADER)
    assert put(user, USUAL).status_code == 403
    assert client_of(user).get("/api/v1/duplicates/rules").status_code == 403
