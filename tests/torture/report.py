"""What the fault tests tell: a row per part, and whether all is well."""

from __future__ import annotations

from dataclasses import dataclass, field

COLUMNS = ("tried", "acknowledged", "lost", "doubled", "partial", "stuck")


@dataclass
class Row:
    """One part's line of the table. `remarks` are for people, `problems` make the run fail."""

    part: str
    tried: int = 0
    acknowledged: int = 0
    lost: int = 0
    doubled: int = 0
    partial: int = 0
    stuck: int = 0
    seconds: float = 0.0
    remarks: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        return not (self.lost or self.doubled or self.partial or self.stuck or self.problems)


def table(rows: list[Row]) -> list[str]:
    """The lines to print."""
    width = max(len(row.part) for row in rows)
    lines = [f"{'part':<{width}}" + "".join(f"{name:>14}" for name in (*COLUMNS, "seconds"))]
    for row in rows:
        numbers = "".join(f"{getattr(row, name):>14}" for name in COLUMNS)
        lines.append(f"{row.part:<{width}}{numbers}{row.seconds:>14.1f}")
        lines += [f"    {remark}" for remark in row.remarks]
        lines += [f"    PROBLEM: {problem}" for problem in row.problems]
    return lines
