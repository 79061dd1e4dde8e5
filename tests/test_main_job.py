"""The main job on the real site: upload, recognise, review, take back; and what a dying worker cannot stop."""

from __future__ import annotations

import io
from typing import Any

import pytest
from PIL import Image, ImageOps

from gallery.models import Photo, PhotoState, Role
from gallery.tokens import create_token
from tests.factories import make_user
from tests.live import LiveSite, wait_until
from tests.pictures import jpeg_bytes, png_bytes, scene


class Moderator:
    """A person with a token who works through the API of a running site."""

    def __init__(self, site: LiveSite) -> None:
        self.site = site
        _, self.token = create_token(user=make_user(role=Role.MODERATOR), name="test")

    def get(self, path: str) -> Any:
        return self.site.request("GET", f"/api/v1/{path}", token=self.token).json()

    def post(self, path: str, body: Any = None) -> Any:
        answer = self.site.request("POST", f"/api/v1/{path}", token=self.token, body=body or {})
        assert answer.status == 200, answer.body
        return answer.json()

    def upload(self, name: str, content: bytes) -> int:
        """Upload a file and return the id of its photo."""
        file = io.BytesIO(content)
        file.name = name
        answer = self.site.request("POST", "/api/v1/photos", token=self.token, form={"file": file})
        assert answer.status == 201, answer.body
        return int(answer.json()["id"])

    def wait_until_idle(self) -> None:
        wait_until("all work is done", lambda: bool(self.get("jobs")["idle"]))


def copies_of(picture: Image.Image) -> dict[str, bytes]:
    """The picture itself and copies of it, by file name."""
    return {
        "original.jpg": jpeg_bytes(picture, quality=95),
        "smaller.jpg": jpeg_bytes(
            picture.resize((picture.width // 2, picture.height // 2), Image.Resampling.LANCZOS)
        ),
        "poor.jpg": jpeg_bytes(picture, quality=30),
        "lossless.png": png_bytes(picture),
        "grey.jpg": jpeg_bytes(ImageOps.grayscale(picture).convert("RGB")),
    }


@pytest.mark.slow
def test_copies_are_found_resolved_and_taken_back(live_site: LiveSite) -> None:
    moderator = Moderator(live_site)
    ids = {
        name: moderator.upload(name, content) for name, content in copies_of(scene(1, (1200, 900))).items()
    }
    unrelated = [moderator.upload(f"other{seed}.jpg", jpeg_bytes(scene(seed))) for seed in range(50, 56)]
    moderator.wait_until_idle()

    (group,) = moderator.get("duplicates?status=open")["groups"]
    members = {member["photo"]["id"] for member in group["members"]}
    assert members == set(ids.values())
    assert not members & set(unrelated)
    assert group["suggested_keeper"] in (ids["original.jpg"], ids["lossless.png"])
    assert group["why"]

    keeper = group["suggested_keeper"]
    rest = sorted(members - {keeper})
    resolution = moderator.post(
        f"duplicates/{group['id']}/resolve",
        {"keep": [keeper], "trash": rest, "merge": True, "version": group["version"]},
    )
    assert {photo["id"] for photo in moderator.get("photos")["items"]} == {keeper, *unrelated}

    moderator.post(f"resolutions/{resolution['resolution_id']}/undo")
    assert moderator.get("photos")["total"] == len(ids) + len(unrelated)
    assert [open_group["id"] for open_group in moderator.get("duplicates?status=open")["groups"]] == [
        group["id"]
    ]


@pytest.mark.slow
def test_pairs_that_are_not_duplicates_never_come_back(live_site: LiveSite) -> None:
    moderator = Moderator(live_site)
    ids = [moderator.upload(name, content) for name, content in copies_of(scene(2, (900, 700))).items()]
    moderator.wait_until_idle()
    (group,) = moderator.get("duplicates?status=open")["groups"]
    moderator.post(f"duplicates/{group['id']}/dismiss", {"version": group["version"]})

    for photo_id in ids:
        moderator.site.request("DELETE", f"/api/v1/photos/{photo_id}", token=moderator.token)
        moderator.post(f"photos/{photo_id}/restore")
    moderator.wait_until_idle()

    assert moderator.get("duplicates?status=open")["groups"] == []


@pytest.mark.slow
def test_workers_killed_in_the_middle_lose_nothing(live_site: LiveSite) -> None:
    moderator = Moderator(live_site)
    # All work is there before any is done: however slow this process is, workers are met in the middle.
    moderator.post("jobs/analyse/pause")
    ids = [moderator.upload(f"{seed}.jpg", jpeg_bytes(scene(seed, (1600, 1200)))) for seed in range(100, 124)]
    moderator.post("jobs/analyse/resume")
    wait_until("some photos are done", lambda: Photo.objects.filter(state=PhotoState.READY).count() >= 3)
    for process in live_site.processes("worker"):
        process.kill()
    assert Photo.objects.filter(state=PhotoState.PROCESSING).exists()
    moderator.wait_until_idle()

    assert Photo.objects.filter(pk__in=ids, state=PhotoState.READY).count() == len(ids)
    assert moderator.get("jobs")["stages"]["analyse"]["failed"] == 0


@pytest.mark.slow
def test_an_example_picture_finds_its_copy_with_a_verdict(live_site: LiveSite) -> None:
    moderator = Moderator(live_site)
    files = copies_of(scene(3, (1000, 800)))
    photo_id = moderator.upload("original.jpg", files["original.jpg"])
    for seed in range(60, 66):
        moderator.upload(f"other{seed}.jpg", jpeg_bytes(scene(seed)))
    moderator.wait_until_idle()
    example = io.BytesIO(files["poor.jpg"])
    example.name = "poor.jpg"
    answer = live_site.request("POST", "/api/v1/search/image", token=moderator.token, form={"file": example})

    assert answer.status == 200, answer.body
    best = answer.json()["items"][0]
    assert best["photo"]["id"] == photo_id
    assert best["verdict"]["kind"] in ("same-picture", "identical-pixels")
    assert all(item["verdict"] is None for item in answer.json()["items"][1:])
    assert moderator.get("photos")["total"] == 7


@pytest.mark.slow
def test_an_example_that_is_in_the_library_is_told_to_be_the_very_same_file(live_site: LiveSite) -> None:
    moderator = Moderator(live_site)
    content = jpeg_bytes(scene(4, (800, 600)))
    photo_id = moderator.upload("original.jpg", content)
    moderator.wait_until_idle()
    example = io.BytesIO(content)
    example.name = "again.jpg"
    answer = live_site.request("POST", "/api/v1/search/image", token=moderator.token, form={"file": example})

    (best,) = answer.json()["items"]
    assert best["photo"]["id"] == photo_id
    assert (best["verdict"]["kind"], best["verdict"]["confidence"]) == ("identical-pixels", 1.0)
