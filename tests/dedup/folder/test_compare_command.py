"""`manage.py compare`: two files, every engine, no database."""

import subprocess
from collections.abc import Callable
from pathlib import Path

from tests.dedup.folder.folders import fill

Ended = Callable[..., subprocess.CompletedProcess[str]]


def test_two_files_are_compared_by_every_engine(manage: Ended, copies: Path) -> None:
    ended = manage("compare", copies / "a.jpg", copies / "b.jpg")

    assert ended.returncode == 0, ended.stderr
    lines = ended.stdout.splitlines()
    assert lines[0].startswith("same-picture (")
    similarity = float(lines[1].split(":")[1].split()[0])
    assert 0.8 < similarity < 1
    engines = ["average", "perceptual", "difference", "wavelet", "block-mean", "gradient", "colour"]
    assert [line.split(":")[0] for line in lines[2:]] == engines


def test_comparing_says_when_files_are_no_pair_and_when_one_is_no_picture(
    manage: Ended, copies: Path
) -> None:
    fill(copies, {"text.jpg": b"only words"})

    different = manage("compare", copies / "a.jpg", copies / "other.jpg")
    refused = manage("compare", copies / "a.jpg", copies / "text.jpg")

    assert different.stdout.startswith("no pair")
    assert "text" in refused.stderr
    assert refused.returncode == 1
