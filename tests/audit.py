"""`make audit`: asks the advisory source about known holes in the locked versions, and says so where it cannot.

A source that does not know the old version of a library with published holes knows nothing: its silence is no answer.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

LOCKED = Path(__file__).resolve().parent.parent / "constraints.txt"
FULL_OF_HOLES = "Django==2.2.0"
FOUND, AWAY = 1, 3
"""Exit codes, beside 0: holes were found; the source could not be asked."""


def ask(requirements: Path) -> subprocess.CompletedProcess[str]:
    """What pip-audit finds about the versions of this file."""
    command = [sys.executable, "-m", "pip_audit", "--strict", "--progress-spinner=off", "--timeout=15"]
    command += ["--no-deps", "--disable-pip", "--requirement", str(requirements)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def found_holes(answer: subprocess.CompletedProcess[str]) -> bool:
    """Whether known holes are named; pip-audit ends with 1 for failures of its own as well."""
    return answer.returncode == 1 and "known vulnerabilit" in answer.stderr


def source_answers() -> bool:
    """Whether the source knows what everybody knows."""
    with tempfile.TemporaryDirectory() as folder:
        known = Path(folder) / "known.txt"
        known.write_text(f"{FULL_OF_HOLES}\n", encoding="utf-8")
        return found_holes(ask(known))


def audit(locked: Path = LOCKED) -> tuple[int, str]:
    """The exit code and what to print."""
    if not source_answers():
        return (
            AWAY,
            "The advisory source cannot be reached, so nothing is known about holes in the libraries.",
        )
    answer = ask(locked)
    if found_holes(answer):
        return FOUND, answer.stdout + answer.stderr
    if answer.returncode:
        return AWAY, f"The advisory source did not answer for every library:\n{answer.stderr}"
    return 0, "The advisory source knows of no hole in the locked versions."


def main() -> int:
    code, words = audit()
    sys.stdout.write(f"{words.rstrip()}\n")
    return code


if __name__ == "__main__":
    sys.exit(main())
