"""A bare folder, and a command in a process of its own that finds no database and no Redis."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.dedup.folder.folders import fill, lossless, photo, smaller

REPOSITORY = Path(__file__).resolve().parents[3]
NOWHERE = {
    "DATABASE_URL": "postgres://nobody@127.0.0.1:1/nothing",
    "REDIS_URL": "redis://127.0.0.1:1/0",
}
Manage = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def start(tmp_path: Path) -> Manage:
    """Start manage.py with these words, a data folder and a temporary folder of its own."""
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    kept = {name: value for name, value in os.environ.items() if name in ("PATH", "LANG", "HOME")}
    environment = {**kept, **NOWHERE, "GALLERY_DATA": str(tmp_path / "data"), "TMPDIR": str(temporary)}

    def started(*words: str | Path) -> subprocess.Popen[str]:
        command = [sys.executable, "manage.py", *map(str, words)]
        pipe = subprocess.PIPE
        return subprocess.Popen(
            command, cwd=REPOSITORY, env=environment, stdin=pipe, stdout=pipe, stderr=pipe, text=True
        )

    return started


@pytest.fixture
def manage(start: Manage) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run manage.py to its end."""

    def ended(*words: str | Path, typed: str = "") -> subprocess.CompletedProcess[str]:
        with start(*words) as process:
            out, errors = process.communicate(typed)
        return subprocess.CompletedProcess(process.args, process.returncode, out, errors)

    return ended


@pytest.fixture
def copies(tmp_path: Path) -> Path:
    """A picture in three files, and another one."""
    files = {"a.jpg": photo(1), "b.jpg": smaller(1), "sub/c.png": lossless(photo(1)), "other.jpg": photo(2)}
    return fill(tmp_path / "pictures", files)
