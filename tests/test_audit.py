"""`make audit` never takes silence for an answer."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from tests import audit

if TYPE_CHECKING:
    from pathlib import Path

CLEAN = (0, "No known vulnerabilities found")
HOLES = (1, "Found 3 known vulnerabilities in 1 package")
UNKNOWN = (1, "ERROR:pip_audit._cli:amqp: Dependency not found and could not be audited: amqp (5.4.2)")


def answers(monkeypatch: pytest.MonkeyPatch, *, known: tuple[int, str], locked: tuple[int, str]) -> None:
    """Let the source answer so about the library with holes that everybody knows, and about ours."""

    def run(command: list[str], **_: object) -> subprocess.CompletedProcess[str]:
        code, words = locked if command[-1] == str(audit.LOCKED) else known
        return subprocess.CompletedProcess(command, code, "", words)

    monkeypatch.setattr("tests.audit.subprocess.run", run)


@pytest.mark.parametrize("silence", [CLEAN, UNKNOWN, (1, "requests.exceptions.ConnectionError: ...")])
def test_a_source_that_knows_no_hole_at_all_is_not_believed(
    monkeypatch: pytest.MonkeyPatch, silence: tuple[int, str]
) -> None:
    answers(monkeypatch, known=silence, locked=CLEAN)

    code, words = audit.audit()

    assert code == audit.AWAY
    assert "cannot be reached" in words


@pytest.mark.parametrize(("locked", "code"), [(CLEAN, 0), (HOLES, audit.FOUND), (UNKNOWN, audit.AWAY)])
def test_the_exit_code_tells_clean_from_holes_and_from_no_answer(
    monkeypatch: pytest.MonkeyPatch, locked: tuple[int, str], code: int
) -> None:
    answers(monkeypatch, known=HOLES, locked=locked)

    assert audit.audit()[0] == code


def test_the_library_full_of_holes_is_asked_about_strictly(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    asked: list[str] = []

    def run(command: list[str], **_: object) -> subprocess.CompletedProcess[str]:
        asked.extend(command)
        return subprocess.CompletedProcess(command, *HOLES[:1], "", HOLES[1])

    monkeypatch.setattr("tests.audit.subprocess.run", run)

    assert audit.ask(tmp_path / "locked.txt").returncode == 1
    assert {"--strict", str(tmp_path / "locked.txt")} <= set(asked)
