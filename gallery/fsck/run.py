"""One run of all checks, and the repairs that were asked for."""

from __future__ import annotations

from dataclasses import dataclass

from gallery.fsck.findings import Kind, Report
from gallery.fsck.originals_check import check_originals
from gallery.fsck.previews_check import check_previews
from gallery.fsck.repairs import quarantine, repair_previews
from gallery.fsck.rows_check import check_rows, mend_rows
from gallery.originals import store_problem
from gallery.storage import StorageAway

MISSING_SHARE_MAX = 0.01
"""Where more is missing, it is not single files that were lost: a part of the store is not there."""
QUARANTINED = (Kind.EXTRA, Kind.PARTIAL, Kind.WRONG_HASH, Kind.MISSING, Kind.EXTRA_PREVIEW)


@dataclass(frozen=True)
class Wanted:
    """What a run does beside looking."""

    with_hash: bool = False
    quarantine: bool = False
    repair_previews: bool = False
    fix_counts: bool = False


def check_library(wanted: Wanted) -> Report:
    """Run the checks; where the store is away, or too much is missing, stop and repair nothing."""
    report = Report()
    if problem := store_problem():
        report.stopped = f"{problem} Nothing was checked."
        return report
    try:
        look(report, wanted)
    except StorageAway as error:
        report.stopped = f"{error} The check ended early; nothing was repaired."
    if not report.stopped:
        repair(report, wanted)
    return report


def look(report: Report, wanted: Wanted) -> None:
    """Fill the report with what there is to find. Raises StorageAway."""
    contents, findings = check_originals(with_hash=wanted.with_hash)
    report.looked_at["originals"] = contents
    report.add(findings)
    missing = len(report.of(Kind.MISSING))
    if missing > MISSING_SHARE_MAX * contents:
        report.stopped = (
            f"{missing} of {contents} originals are missing, which is more than 1 %: is a volume not mounted, or only "
            "a part of it? Nothing was changed. If they are lost, `manage.py restore FOLDER --originals-only` puts "
            "them back from a backup."
        )
    previews, broken = check_previews(with_content=wanted.with_hash)
    report.looked_at["previews"] = previews
    report.add(broken)
    report.add(check_rows())


def repair(report: Report, wanted: Wanted) -> None:
    """Do what was asked for, and say what was done."""
    if wanted.quarantine:
        moved = quarantine(report.of(*QUARANTINED), with_hash=wanted.with_hash)
        report.done.append(f"{moved} files were moved to quarantine, each with a note.")
    if wanted.repair_previews:
        owed = repair_previews(report.of(Kind.PREVIEW))
        report.done.append(f"{owed} photos are analysed again for their previews.")
    if wanted.fix_counts:
        report.done.append(f"{mend_rows()} rows were put right.")
