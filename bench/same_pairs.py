"""Show that the library finds the same pairs as `manage.py duplicates`: the same files, both ways.

    python -m bench.same_pairs FOLDER [--jobs 2]

FOLDER is imported into a site of its own, without a model, and its matches are read over the API when all is done. The
command looks at the same folder. Equal bytes are one photo in the library, so that only the first of such files counts.
Every pair that only one of the two has, or that they judge otherwise, is printed by name; the exit status is 1 then.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2

from bench.ingest import NO_MODEL
from bench.site import REPOSITORY, OwnSite
from dedup.folder.finding import find_files

POLL_S = 1.0
PAGE = 200

Judged = dict[tuple[str, str], str]


def main() -> None:
    """Run both and compare."""
    options = _options()
    names = first_names(options.folder)
    with tempfile.TemporaryDirectory(prefix="likeness-bench-") as work:
        by_command = command_pairs(options.folder, Path(work), options.jobs, set(names.values()))
        by_site = site_pairs(options.folder, Path(work) / "site", names)
    print(
        f"{len(names)} different files: {len(by_command)} pairs by the command, {len(by_site)} by the library"
    )
    differences = list(differences_of(by_command, by_site))
    for line in differences:
        print(f"  {line}")
    print(f"{len(differences)} differences")
    sys.exit(1 if differences else 0)


def first_names(folder: Path) -> dict[str, str]:
    """SHA-256 of each different file -> the first of its names."""
    names: dict[str, str] = {}
    for file in find_files(folder, recursive=True)[0]:
        with file.path.open("rb") as content:
            names.setdefault(hashlib.file_digest(content, "sha256").hexdigest(), file.name)
    return names


def command_pairs(folder: Path, work: Path, jobs: int, names: set[str]) -> Judged:
    """What the command says of pairs of these names."""
    out = work / "pairs.json"
    command = [sys.executable, "manage.py", "duplicates", str(folder.absolute()), "--json", str(out)]
    subprocess.run([*command, "--jobs", str(jobs)], cwd=REPOSITORY, check=True)
    pairs = json.loads(out.read_text())["pairs"]
    return {(one["a"], one["b"]): one["kind"] for one in pairs if {one["a"], one["b"]} <= names}


def site_pairs(folder: Path, data: Path, names: dict[str, str]) -> Judged:
    """What a site of its own says of the same files."""
    with OwnSite(data, NO_MODEL) as site, site.api() as api:
        site.manage("import", str(folder.absolute()))
        while not is_done(api):
            time.sleep(POLL_S)
        tell_failures(api)
        photos = {photo["id"]: photo for photo in all_photos(api)}
        by_id = {key: names[photo["sha256"]] for key, photo in photos.items()}
        judged: Judged = {}
        for key in photos:
            for match in api.get(f"photos/{key}").json()["matches"]:
                low, high = sorted((by_id[key], by_id[match["photo"]]))
                judged[low, high] = match["kind"]
    return judged


def is_done(api: httpx2.Client) -> bool:
    """Whether no stage owes anything that could be done here: without a model, embedding cannot."""
    stages = api.get("jobs").json()["stages"].values()
    return not any(stage["owed"] + stage["running"] for stage in stages if not stage["unavailable"])


def tell_failures(api: httpx2.Client) -> None:
    """Print which stages failed: their photos lack pairs for another reason than the engine."""
    for name, stage in api.get("jobs").json()["stages"].items():
        if stage["failed"]:
            print(f"{stage['failed']} photos failed in stage {name}: {stage}")


def all_photos(api: httpx2.Client) -> Iterator[dict[str, Any]]:
    """All photos of the site, page after page."""
    cursor = ""
    while True:
        page = api.get("photos", params={"cursor": cursor, "limit": PAGE}).raise_for_status().json()
        yield from page["items"]
        cursor = page["next"]
        if not cursor:
            return


def differences_of(by_command: Judged, by_site: Judged) -> Iterator[str]:
    """One line for each pair that they do not agree on."""
    for low, high in sorted(by_command.keys() | by_site.keys()):
        one, other = by_command.get((low, high), "no pair"), by_site.get((low, high), "no pair")
        if one != other:
            yield f"{low} {high}: {one} by the command, {other} by the library"


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--jobs", type=int, default=2)
    options = parser.parse_args()
    if not options.folder.is_dir():
        sys.exit(f"There is no folder {options.folder}.")
    return options


if __name__ == "__main__":
    main()
