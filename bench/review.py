"""Measure the review queue with many open groups in Chromium: how long pages take, and decisions a minute by keyboard.

    python -m bench.review PHOTOS [--groups 20000] [--decisions 100] [--rounds 5]

A site of its own takes a few of the photos in as always; groups of two and three made-up photos that share their
previews are then written into its tables. Times are from the start of a navigation to the end of the load event, with
all pictures in sight, in milliseconds.
"""

from __future__ import annotations

import argparse
import itertools
import os
import statistics
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from playwright.sync_api import sync_playwright

from bench.site import PASSWORD, OwnSite
from tests.chromium import FLAGS, find_chromium

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from playwright.sync_api import Page

    from gallery.models import Photo

REAL_PHOTOS = 40
GOAL_MS = 1000
SURE_PERCENT = 95
PATIENCE_MS = 1_800_000
BATCH = 5_000
KINDS = ("same-picture", "edited", "crop", "rotated", "identical-pixels")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("photos", type=Path)
    parser.add_argument("--groups", type=int, default=20_000)
    parser.add_argument("--decisions", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    chromium = find_chromium()
    with tempfile.TemporaryDirectory(prefix="likeness-bench-", ignore_cleanup_errors=True) as folder:
        environment = {"SECRET_KEY": "only for measuring " * 3, "CLIP_PRETRAINED": "/none/there.pt"}
        with OwnSite(Path(folder), environment) as site:
            take_in(site, pictures_in(options.photos))
            fill(site, options.groups)
            with sync_playwright() as playwright:
                browser = playwright.chromium.launch(executable_path=chromium, args=list(FLAGS))
                page = browser.new_page(base_url=site.address, viewport={"width": 1280, "height": 900})
                measure(page, options.groups, options.rounds, options.decisions)
                browser.close()


def take_in(site: OwnSite, photos: Sequence[Path]) -> None:
    """Upload the photos and wait until all is known about them."""
    with site.api() as api:
        for photo in photos:
            api.post("photos", files={"file": (photo.name, photo.read_bytes())}).raise_for_status()
        while not api.get("jobs").json()["idle"]:
            time.sleep(0.5)


def pictures_in(folder: Path) -> list[Path]:
    """Some pictures of the folder."""
    found = sorted(path for path in folder.rglob("*") if path.suffix.lower() in {".jpg", ".jpeg", ".png"})
    if not found:
        raise SystemExit(f"{folder} holds no pictures.")
    return found[:REAL_PHOTOS]


def fill(site: OwnSite, count: int) -> None:
    """Write `count` open groups of made-up photos into the tables of the site."""
    os.environ |= {**site.environment, "DJANGO_SETTINGS_MODULE": "gallery.settings"}
    import django

    django.setup()
    from django.db import connection

    from gallery.models import Photo

    real = list(Photo.objects.filter(previews_version__gt=0))
    numbers = itertools.count()
    for start in range(0, count, BATCH):
        sizes = [2 + (place % 3 == 0) for place in range(start, min(start + BATCH, count))]
        photos = Photo.objects.bulk_create(
            made_up(real, next(numbers)) for size in sizes for _ in range(size)
        )
        write_groups(photos, sizes)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    print(f"{count:,} open groups of {Photo.objects.count():,} photos")


def made_up(real: Sequence[Photo], number: int) -> Photo:
    """A photo with the previews of a real one and other bytes."""
    from gallery.models import Photo

    one = real[number % len(real)]
    fields = [field for field in Photo._meta.concrete_fields if not field.primary_key and not field.generated]
    values: dict[str, Any] = {field.attname: getattr(one, field.attname) for field in fields}
    return Photo(**values | {"upload_sha256": f"{number:064x}", "file_name": f"made-up {number}.jpg"})


def write_groups(photos: Sequence[Photo], sizes: Sequence[int]) -> None:
    """One group of the next photos for each size, with its verified pairs."""
    from dedup.models import Group, GroupMember, Match

    members = iter(photos)
    parts = [list(itertools.islice(members, size)) for size in sizes]
    groups = Group.objects.bulk_create(
        Group(
            kind=KINDS[place % len(KINDS)],
            confidence=0.6 + 0.399 * (place % 97) / 97,
            suggested_keeper=part[0],
            why=["it is the largest"],
            bytes_saved=sum(photo.file_size for photo in part[1:]) + place,
        )
        for place, part in enumerate(parts)
    )
    GroupMember.objects.bulk_create(
        GroupMember(
            group=group,
            photo=photo,
            verdict=group.kind if photo is not part[0] else "",
            reasons=["same picture, recompressed; 200 matching points, 99 % agreement"]
            if photo is not part[0]
            else [],
        )
        for group, part in zip(groups, parts, strict=True)
        for photo in part
    )
    Match.objects.bulk_create(
        Match(
            low=low,
            high=high,
            kind=group.kind,
            confidence=group.confidence,
            transform=[[1, 0, 0], [0, 1, 0]],
            sentence="same picture, recompressed; 200 matching points, 99 % agreement",
            engine_version=1,
        )
        for group, part in zip(groups, parts, strict=True)
        for low, high in itertools.combinations(part, 2)
    )


def measure(page: Page, groups: int, rounds: int, decisions: int) -> None:
    """Print the times of the pages, then decide by keyboard."""
    page.goto("/login")
    page.fill("input[name=username]", "admin")
    page.fill("input[name=password]", PASSWORD)
    page.press("input[name=password]", "Enter")
    page.wait_for_url("**/")
    look(page, rounds)
    page.goto("/duplicates/")
    told("next page", [load(page, lambda: page.click("a[rel=next]")) for _ in range(rounds)])
    page.goto("/duplicates/")
    told("start reviewing", [load(page, lambda: page.click("text=Start reviewing"))])
    told("next group (J)", [load(page, lambda: page.keyboard.press("j")) for _ in range(rounds)])
    began = time.monotonic()
    spent = [load(page, lambda: page.keyboard.press("Shift+Enter")) for _ in range(decisions)]
    seconds = time.monotonic() - began
    told("decision and next group", spent)
    print(
        f"{decisions} groups decided by keyboard in {seconds:.1f} s: {60 * decisions / seconds:.0f} a minute"
    )
    accept_sure(page)
    print("The pages again, with these decisions in the journal:")
    look(page, rounds)


def look(page: Page, rounds: int) -> None:
    """Print the times of the pages that show many groups or decisions."""
    addresses = {
        "queue": "/duplicates/",
        "queue, one kind, at least 90 % sure": "/duplicates/?kind=crop&sure=90",
        "queue, latest first": "/duplicates/?order=new",
        "queue, by kind": "/duplicates/?order=kind",
        "queue, one uploader": "/duplicates/?uploader=admin",
        "accept all: the count": "/duplicates/accept",
        "journal": "/duplicates/journal",
        "before and after": "/duplicates/report",
    }
    print(f"{'page':38s} {'median':>7s} {'worst':>7s} ms (goal {GOAL_MS})")
    for name, address in addresses.items():
        told(name, [load(page, lambda to=address: page.goto(to)) for _ in range(rounds)])  # type: ignore[misc]


def accept_sure(page: Page) -> None:
    """Accept every suggestion of the surest groups at once, and print how long the worker takes."""
    page.goto(f"/duplicates/accept?sure={SURE_PERCENT}")
    counts = page.locator(".bulk-count strong").all_inner_texts()
    groups, photos = (int(text.replace(",", "")) for text in counts[:2])
    page.get_by_role("spinbutton").fill(str(photos))
    began = time.monotonic()
    page.get_by_role("button", name="Accept").click()
    page.get_by_text("Done.").wait_for(timeout=PATIENCE_MS)
    seconds = time.monotonic() - began
    print(
        f"{groups:,} suggestions accepted at once in {seconds:.0f} s: {1000 * seconds / groups:.0f} ms each"
    )


def load(page: Page, act: Callable[[], Any]) -> float:
    """The milliseconds from the navigation that the act begins to the end of its load event."""
    with page.expect_navigation(wait_until="load"):
        act()
    timing: float = page.evaluate(
        "new Promise((done) => setTimeout(() => done(performance.getEntriesByType('navigation')[0].duration), 0))"
    )
    return timing


def told(name: str, times: Sequence[float]) -> None:
    print(f"{name:38s} {statistics.median(times):7.0f} {max(times):7.0f}", flush=True)


if __name__ == "__main__":
    main()
