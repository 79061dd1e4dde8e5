"""Nobody learns of what they may not see: every answer is the same with and without hidden photos in the library."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from django.core.cache import cache

from gallery.describe import PictureAnswer
from tests.security.actors import Actor, make_actors
from tests.security.reads import Read, all_reads
from tests.security.secrets import FIRST_SECRET, SECRET_SHA256, WORD, Shown, make_shown, plant_secrets
from tests.security.walk import told

if TYPE_CHECKING:
    from pytest_django import Settings

BLIND = ("anonymous", "viewer", "other")
SEEING = ("owner", "moderator", "admin")


@pytest.fixture
def shown(db: None, workers: None, monkeypatch: pytest.MonkeyPatch, settings: Settings) -> Shown:
    """The library without secrets, open to strangers. An example picture turns out to be a copy of a secret."""
    settings.PUBLIC_GALLERY = True
    verdict = {"photo": FIRST_SECRET, "kind": "same-picture", "confidence": 0.9, "sentence": "The same."}
    results: dict[str, dict[str, Any]] = {
        "copies": {"verdicts": [verdict]},
        "file": {"sha256": SECRET_SHA256},
    }
    answer = PictureAnswer(vector=None, model="", message="", width=35, height=21, results=results)
    monkeypatch.setattr("gallery.api.search.picture_answer", lambda path, media_type: answer)
    return make_shown()


def answers(actor: Actor, reads: list[Read]) -> dict[Read, tuple[int, bytes]]:
    """What the actor reads everywhere, counted anew."""
    cache.clear()
    return {read: read.by(actor) for read in reads}


def difference(before: bytes, after: bytes) -> str:
    """The first place where two answers part, for a person to look at."""
    at = next(
        (place for place, (one, two) in enumerate(zip(before, after, strict=False)) if one != two),
        min(len(before), len(after)),
    )
    return f"{before[max(0, at - 60) : at + 60]!r} became {after[max(0, at - 60) : at + 60]!r}"


@pytest.mark.parametrize("name", BLIND)
def test_hidden_photos_change_no_answer(shown: Shown, name: str) -> None:
    actor, reads = make_actors(shown.people)[name], all_reads(shown)
    before = answers(actor, reads)
    plant_secrets(shown)
    after = answers(actor, reads)

    lines = [
        f"{read.path}: {before[read][0]} {after[read][0]} {difference(before[read][1], after[read][1])}"
        for read in reads
        if before[read] != after[read]
    ]
    assert not lines, told(lines)
    failed = [read.path for read in reads if after[read][0] == 500]
    assert not failed, told(failed)


@pytest.mark.parametrize("name", SEEING)
def test_those_who_may_see_them_do(shown: Shown, name: str) -> None:
    actor, reads = make_actors(shown.people)[name], [read for read in all_reads(shown) if read.tells]
    before = answers(actor, reads)
    plant_secrets(shown)
    after = answers(actor, reads)

    same = [read.path for read in reads if before[read] == after[read]]
    assert not same, told(same)


@pytest.mark.parametrize("name", BLIND)
def test_pages_about_work_name_no_hidden_photo(shown: Shown, name: str) -> None:
    """How much work there is all may know, as it tells when one's own photos are done; on which photos they may not."""
    plant_secrets(shown)
    actors = make_actors(shown.people)
    for path in ("/jobs/", "/api/v1/jobs", "/metrics", "/api/v1/health"):
        content = Read(path).by(actors[name])[1]
        assert WORD.encode() not in content
        assert str(FIRST_SECRET)[:6].encode() not in content
    assert WORD.encode() in Read("/jobs/").by(actors["owner"])[1]
