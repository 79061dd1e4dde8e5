"""Upload a folder to a running site over its API, wait until all is done, and say what became of it.

    LIKENESS_TOKEN=lk_... python -m bench.upload FOLDER [--site http://127.0.0.1:8000] [--truth truth.csv] [--jobs 4]

Prints the answers per status, the states, the time per photo and, where a truth table (file,group,kind) is given, the
share of copies per kind that stand in a group of the review queue with their original, and every unrelated pair.
"""

from __future__ import annotations

import argparse
import collections
import csv
import itertools
import os
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx2

POLL_SECONDS = 1.0
SLOW_SECONDS = 10.0


class Site:
    """A client of one site's API."""

    def __init__(self, address: str, token: str) -> None:
        self.client = httpx2.Client(
            base_url=f"{address}/api/v1/", headers={"Authorization": f"Bearer {token}"}, timeout=120
        )

    def get(self, path: str, **query: Any) -> Any:
        answer = self.client.get(path, params=query)
        answer.raise_for_status()
        return answer.json()

    def upload(self, file: Path) -> tuple[str, int, dict[str, Any], float]:
        """Upload a file; its name, the status, the body and the seconds it took."""
        started = time.monotonic()
        answer = self.client.post("photos", files={"file": (file.name, file.read_bytes())})
        return file.name, answer.status_code, answer.json(), time.monotonic() - started

    def wait_until_idle(self) -> None:
        while not self.get("jobs")["idle"]:
            time.sleep(POLL_SECONDS)

    def pages(self, path: str, key: str, **query: Any) -> list[dict[str, Any]]:
        """All items of a list, page after page."""
        items: list[dict[str, Any]] = []
        cursor = ""
        while True:
            page = self.get(path, cursor=cursor, **query)
            items += page[key]
            cursor = page["next"]
            if not cursor:
                return items


def upload_all(site: Site, files: list[Path], jobs: int) -> dict[str, int]:
    """Upload the files, print the outcomes, and return the photo ids by file name."""
    started = time.monotonic()
    with ThreadPoolExecutor(jobs) as pool:
        answers = list(pool.map(site.upload, files))
    sent = time.monotonic() - started
    site.wait_until_idle()
    done = time.monotonic() - started
    statuses = collections.Counter(status for _, status, _, _ in answers)
    slowest = max(seconds for *_, seconds in answers)
    print(f"{len(files)} files: answers {dict(statuses)}, slowest answer {slowest:.2f} s")
    print(
        f"all sent after {sent:.1f} s, all done after {done:.1f} s: {1000 * done / len(files):.0f} ms per file"
    )
    for name, status, body, _ in answers:
        if status >= 500:
            print(f"  {status} {name}: {body}")
    return {name: body["id"] for name, _, body, _ in answers if "id" in body}


def print_outcomes(site: Site, ids: dict[str, int]) -> None:
    """The final state of each photo, counted, with reasons of all that are not ready."""
    photos = {name: site.get(f"photos/{photo_id}") for name, photo_id in ids.items()}
    print("states", dict(collections.Counter(photo["state"] for photo in photos.values())))
    for name, photo in photos.items():
        if photo["state"] != "ready":
            print(f"  {photo['state']:10} {name}: {photo['state_reason']}")


def score_queue(site: Site, ids: dict[str, int], truth_file: Path) -> None:
    """Compare the groups of the review queue with the truth."""
    with truth_file.open(newline="") as rows:
        truth = {row["file"]: row for row in csv.DictReader(rows)}
    names = {photo_id: name for name, photo_id in ids.items()}
    paired: set[tuple[str, str]] = set()
    for group in site.pages("duplicates", "groups", status="open"):
        members = sorted(names.get(member["photo"]["id"], "?") for member in group["members"])
        paired |= set(itertools.combinations(members, 2))
    wrong = sorted(pair for pair in paired if truth[pair[0]]["group"] != truth[pair[1]]["group"])
    originals = {row["group"]: name for name, row in truth.items() if row["kind"] == "original"}
    kinds: dict[str, list[bool]] = collections.defaultdict(list)
    for name, row in truth.items():
        original = originals.get(row["group"], name)
        if name != original and name in ids:
            kinds[row["kind"]].append(tuple(sorted((name, original))) in paired)
    for kind, found in sorted(kinds.items()):
        print(f"  {kind:12} {sum(found):4} of {len(found)} in a group with their original")
    print(f"unrelated pairs in the queue: {len(wrong)}")
    for pair in wrong[:20]:
        print("  ", *pair)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--site", default="http://127.0.0.1:8000")
    parser.add_argument("--truth", type=Path)
    parser.add_argument("--jobs", type=int, default=4)
    options = parser.parse_args()
    token = os.environ.get("LIKENESS_TOKEN")
    if not token:
        sys.exit("Set LIKENESS_TOKEN to a token; `manage.py create_token USER` prints one.")
    files = sorted(path for path in options.folder.iterdir() if path.is_file())
    if not files:
        sys.exit(f"There is no file in {options.folder}.")
    site = Site(options.site, token)
    ids = upload_all(site, files, options.jobs)
    print_outcomes(site, ids)
    if options.truth:
        score_queue(site, ids, options.truth)


if __name__ == "__main__":
    main()
