"""The settings of detection as a form: switches, and the least confidence of each kind in percent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms

from dedup.detection_settings import ADJUSTABLE, SWITCHED, KindRule
from dedup.models import Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping

KINDS_IN_WORDS = {
    Verdict.SAME_PICTURE: "Resized, recompressed or saved in another format.",
    Verdict.EDITED: "Other colours, a caption, a watermark or a border.",
    Verdict.CROP: "One shows a part of the other.",
    Verdict.ROTATED: "By quarters or a little, or as in a mirror.",
    Verdict.NEAR_SHOT: "The same scene a moment later. Waits in a lane of its own.",
}


def switch_name(kind: Verdict) -> str:
    """The field that says whether a kind is on."""
    return f"{kind.value}-on"


def least_name(kind: Verdict) -> str:
    """The field that says how sure pairs of a kind have to be."""
    return f"{kind.value}-least"


class DetectionForm(forms.Form):
    """Every field is sent each time: a switch that is not sent is off."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for kind in ADJUSTABLE:
            if kind in SWITCHED:
                self.fields[switch_name(kind)] = forms.BooleanField(
                    required=False,
                    label=f"Look for {kind.label.lower()}s",
                    widget=forms.CheckboxInput(attrs={"role": "switch"}),
                )
            self.fields[least_name(kind)] = forms.DecimalField(
                min_value=0,
                max_value=100,
                decimal_places=1,
                label=f"{kind.label}: at least … % sure",
                widget=forms.NumberInput(attrs={"step": "0.1", "inputmode": "decimal"}),
            )

    @staticmethod
    def values_of(rules: Mapping[Verdict, KindRule]) -> dict[str, bool | str]:
        """The fields filled with these rules."""
        switches = {switch_name(kind): rules[kind].is_on for kind in SWITCHED}
        return switches | {least_name(kind): percent_of(rules[kind]) for kind in ADJUSTABLE}

    @property
    def rules(self) -> dict[Verdict, KindRule]:
        """What a valid form says."""
        given = self.cleaned_data
        return {
            kind: KindRule(given.get(switch_name(kind), True), float(given[least_name(kind)] / 100))
            for kind in ADJUSTABLE
        }

    def rows(self) -> list[dict[str, Any]]:
        """For each kind its name, what it is, and its fields."""
        return [
            {
                "kind": kind,
                "words": KINDS_IN_WORDS[kind],
                "switch": self[switch_name(kind)] if kind in SWITCHED else None,
                "least": self[least_name(kind)],
            }
            for kind in ADJUSTABLE
        ]


def percent_of(rule: KindRule) -> str:
    """The least confidence of a rule as the form shows it: 0, 90.5, 100."""
    return f"{round(100 * rule.least_confidence, 1):g}"
