"""What a check can find, and how it is told."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

NAMES_SHOWN = 5


class Kind(StrEnum):
    """Kinds of findings that the library itself knows; other apps add theirs."""

    MISSING = "missing-original"
    EXTRA = "extra-file"
    PARTIAL = "partial-file"
    WRONG_HASH = "wrong-hash"
    PREVIEW = "broken-preview"
    EXTRA_PREVIEW = "extra-preview"
    NO_JOB = "no-job"
    WRONG_STATE = "wrong-state"
    WRONG_TAGS = "wrong-tags"
    WRONG_COVER = "wrong-cover"
    WRONG_STACK = "wrong-stack"


MEANINGS = {
    Kind.MISSING: "photos whose original is not in the store",
    Kind.EXTRA: "files in the store of originals that no photo names",
    Kind.PARTIAL: "files that are cut short, or were left half written",
    Kind.WRONG_HASH: "originals whose content is not what was uploaded",
    Kind.PREVIEW: "photos whose previews are missing or cannot be shown",
    Kind.EXTRA_PREVIEW: "previews of contents that no photo has",
    Kind.NO_JOB: "photos that wait for an analysis that nobody owes",
    Kind.WRONG_STATE: "photos that wait although their analysis has failed",
    Kind.WRONG_TAGS: "photos whose list of tags is not the tags that they have",
    Kind.WRONG_COVER: "albums whose cover does not lie in them",
    Kind.WRONG_STACK: "photos stacked under one that lies in a stack itself",
}


@dataclass(frozen=True)
class Finding:
    """Something that is not as it should be. `store_name` is the file, where there is one; `sha256` the content."""

    kind: str
    name: str
    detail: str
    photo_ids: tuple[int, ...] = ()
    sha256: str = ""
    store_name: str = ""


@dataclass
class Report:
    """All findings of a run, what was looked at, what was done, and why the run stopped early, where it did."""

    findings: list[Finding] = field(default_factory=list)
    looked_at: dict[str, int] = field(default_factory=dict)
    done: list[str] = field(default_factory=list)
    stopped: str = ""

    def add(self, findings: Iterable[Finding]) -> None:
        self.findings.extend(findings)

    def of(self, *kinds: str) -> list[Finding]:
        """The findings of these kinds."""
        return [finding for finding in self.findings if finding.kind in kinds]

    @property
    def exit_status(self) -> int:
        """0 all is well, 1 something was found, 2 the run stopped."""
        return 2 if self.stopped else 1 if self.findings else 0

    def as_json(self) -> dict[str, Any]:
        """Everything, for programs."""
        findings = [
            {"kind": str(item.kind), "name": item.name, "detail": item.detail, "photos": list(item.photo_ids)}
            for item in self.findings
        ]
        return {
            "looked_at": self.looked_at,
            "counts": dict(Counter(str(item.kind) for item in self.findings)),
            "findings": findings,
            "done": self.done,
            "stopped": self.stopped,
        }

    def lines(self) -> Iterable[str]:
        """A table by kind with the first names, for people."""
        yield ", ".join(f"{count} {what}" for what, count in self.looked_at.items()) + " looked at."
        for kind, count in Counter(str(item.kind) for item in self.findings).most_common():
            meaning = next((text for known, text in MEANINGS.items() if known == kind), "")
            yield f"{kind:<18}{count:>8}  {meaning}".rstrip()
            found = self.of(kind)
            for item in found[:NAMES_SHOWN]:
                yield f"    {item.name}: {item.detail}"
            if len(found) > NAMES_SHOWN:
                yield f"    ... and {len(found) - NAMES_SHOWN} more (--json names all)"
        yield from self.done
        if self.stopped:
            yield self.stopped
        elif not self.findings:
            yield "Everything is in order."
