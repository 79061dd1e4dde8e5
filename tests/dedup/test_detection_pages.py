"""The page and the addresses of the settings of detection: looked at, tried, taken over."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from dedup.detection_settings import GROUP_STAGE, KindRule, present_rules
from dedup.models import KindSetting, Verdict
from gallery.models import Job, Role
from tests.dedup.rows import group_now, make_photos, match, moderator
from tests.dedup.test_api import JSON, client_of
from tests.factories import make_user

pytestmark = pytest.mark.django_db

URL = "/api/v1/duplicates/settings"


@pytest.fixture
def client() -> Client:
    return client_of(moderator())


def fields(**changed: str) -> dict[str, str]:
    """What the form sends: both switches on and nothing asked for, unless changed (a value of "" is not sent)."""
    usual = {f"{kind}-least": "0" for kind in ("same-picture", "edited", "crop", "rotated", "near-shot")}
    sent = usual | {"crop-on": "on", "near-shot-on": "on"}
    sent |= {name.replace("__", "-").replace("_", "-"): value for name, value in changed.items()}
    return {name: value for name, value in sent.items() if value}


def page(client: Client, **query: str) -> str:
    answer = client.get(reverse("duplicate-settings"), query)
    assert answer.status_code == 200
    return answer.content.decode()


def crops() -> None:
    """Two groups of crops, 85 % and 95 % sure."""
    for confidence in (0.85, 0.95):
        photos = make_photos(2)
        match(photos[0], photos[1], Verdict.CROP, confidence)
        group_now(photos)


def test_the_page_shows_the_settings_and_what_they_mean(client: Client) -> None:
    KindSetting.objects.create(kind="crop", is_on=False, least_confidence=0.905)

    text = page(client)

    assert 'name="crop-least" value="90.5"' in text
    assert 'name="edited-least" value="0"' in text
    assert "One shows a part of the other." in text
    assert "What it would do" not in text


def test_a_preview_says_what_would_change_and_changes_nothing(client: Client) -> None:
    crops()

    text = page(client, preview="yes", **fields(crop_least="90"))

    assert "Groups around 2 photos would be made anew" in text
    assert "Crop: at least 90 % sure" in text
    assert "95 % sure" in text and "85 % sure" in text
    assert "Crop: " in text
    assert '<input type="hidden" name="crop-least" value="90">' in text
    assert not KindSetting.objects.exists()


def test_a_preview_of_the_settings_as_they_are_offers_nothing_to_apply(client: Client) -> None:
    text = page(client, preview="yes", **fields())

    assert "nothing would change" in text
    assert "Apply" not in text


def test_applying_saves_and_owes_new_groups(client: Client) -> None:
    crops()

    answer = client.post(
        reverse("duplicate-settings"), fields(crop_least="90", near__shot_on=""), follow=True
    )

    text = answer.content.decode()
    assert "Saved. 2 photos will be grouped anew." in text
    assert "2 photos wait to be grouped anew." in text
    assert present_rules()[Verdict.CROP] == KindRule(True, 0.9)
    assert present_rules()[Verdict.NEAR_SHOT] == KindRule(is_on=False)
    assert Job.objects.filter(stage=GROUP_STAGE).count() == 2


def test_the_hidden_fields_of_a_preview_apply_what_was_shown(client: Client) -> None:
    text = page(client, preview="yes", **fields(crop_on="", edited_least="87.5"))
    hidden = {
        line.split('name="')[1].split('"')[0]: line.split('value="')[1].split('"')[0]
        for line in text.split("<input")
        if 'type="hidden"' in line and "-" in line.split('name="')[1].split('"')[0]
    }

    client.post(reverse("duplicate-settings"), hidden)

    assert present_rules()[Verdict.CROP] == KindRule(is_on=False)
    assert present_rules()[Verdict.EDITED] == KindRule(True, 0.875)
    assert present_rules()[Verdict.NEAR_SHOT] == KindRule()


@pytest.mark.parametrize("value", ["101", "-1", "abc", "90.55", "NaN"])
def test_numbers_that_do_not_fit_are_shown_again_with_the_reason(client: Client, value: str) -> None:
    answer = client.post(reverse("duplicate-settings"), fields(crop_least=value))

    assert answer.status_code == 422
    assert "Some numbers do not fit" in answer.content.decode()
    assert "What it would do" not in page(client, preview="yes", **fields(crop_least=value))
    assert not KindSetting.objects.exists()


@pytest.mark.parametrize("role", [Role.VIEWER, Role.UPLOADER])
def test_only_moderators_see_and_change_the_settings(role: Role) -> None:
    client = client_of(make_user(role=role))

    assert client.get(reverse("duplicate-settings")).status_code == 403
    assert client.post(reverse("duplicate-settings"), fields()).status_code == 403
    assert client.get(URL).status_code == 403
    assert put(client, {"crop": {"on": False}}).status_code == 403


def put(client: Client, settings: dict[str, Any], **more: Any) -> Any:
    listed = [{"kind": kind, **rule} for kind, rule in settings.items()]
    return client.put(URL, {"settings": listed, **more}, content_type=JSON)


def rule_of(told: dict[str, Any], kind: str) -> dict[str, Any]:
    return next(rule for rule in told["settings"] if rule["kind"] == kind)


def test_the_api_tells_and_changes_the_settings(client: Client) -> None:
    crops()

    answer = put(client, {"crop": {"least_confidence": 0.9}, "near-shot": {"on": False}})

    assert answer.status_code == 200
    told = client.get(URL).json()
    assert told == answer.json()
    assert rule_of(told, "crop") == {"kind": "crop", "on": True, "least_confidence": 0.9}
    assert rule_of(told, "near-shot") == {"kind": "near-shot", "on": False, "least_confidence": 0.0}
    kinds = [rule["kind"] for rule in told["settings"]]
    assert kinds == ["same-picture", "edited", "crop", "rotated", "near-shot"]
    assert (told["photos_to_group"], told["preview"]) == (2, None)


def test_a_dry_run_over_the_api_answers_with_a_preview_alone(client: Client) -> None:
    crops()

    told = put(client, {"crop": {"least_confidence": 0.9}}, dry_run=True).json()

    assert rule_of(told, "crop")["least_confidence"] == 0.0
    row = next(row for row in told["preview"]["kinds"] if row["kind"] == "crop")
    assert (row["now"]["groups"], row["then"]["groups"]) == (2, 1)
    (shown,) = told["preview"]["borderline"]
    assert [one["confidence"] for one in shown["outside"]] == [0.85]
    assert [one["confidence"] for one in shown["inside"]] == [0.95]
    assert not KindSetting.objects.exists()


def test_the_api_refuses_what_cannot_be_with_a_sentence(client: Client) -> None:
    wrong = put(client, {"edited": {"on": False}})

    assert (wrong.status_code, wrong.json()["code"]) == (422, "bad-settings")
    assert put(client, {"edited": {"least_confidence": 1.5}}).status_code == 422
    assert put(client, {"twins": {"on": True}}).status_code == 422
    assert put(client, {"crop": {"on": 0}}).status_code == 422
    assert not KindSetting.objects.exists()


@pytest.mark.parametrize("count", [2, 12])
def test_a_preview_costs_the_same_queries_for_few_and_many_groups(
    client: Client, count: int, django_assert_max_num_queries: Any
) -> None:
    for _ in range(count):
        crops()

    with django_assert_max_num_queries(26):
        page(client, preview="yes", **fields(crop_least="90"))
