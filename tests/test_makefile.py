"""The verbs of the Makefile: `make help` names them all, and the documents name none that is not there."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def verbs() -> set[str]:
    (line,) = re.findall(r"^\.PHONY: (.*)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    return set(line.split())


def test_help_names_every_verb_and_nothing_else_of_the_file() -> None:
    said = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    named = {
        name for pair in re.findall(r"^make ([\w-]+)|  make ([\w-]+)", said, re.MULTILINE) for name in pair
    }
    assert named - {""} == verbs() - {"help"}
    assert "SHELL" not in said


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_documents_name_only_verbs_that_are_there(document: Path) -> None:
    named = set(re.findall(r"`make ([a-z][\w-]*)|^make ([a-z][\w-]*)", document.read_text(), re.MULTILINE))
    assert {name for pair in named for name in pair} - {""} <= verbs()
