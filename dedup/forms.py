"""What the review page sends."""

from __future__ import annotations

from django import forms

from dedup.merging import Part

ACTIONS = (
    "keep-left",
    "keep-right",
    "keep-both",
    "not-duplicates",
    "accept",
    "keep-all",
    "dismiss-all",
    "chosen",
    "stack-left",
    "stack-right",
    "stack-all",
)


class DecisionForm(forms.Form):
    """A decision about the shown pair, or about the whole group; `trash` names photos for the action "chosen"."""

    action = forms.ChoiceField(choices=[(action, action) for action in ACTIONS])
    version = forms.IntegerField(min_value=1)
    left = forms.IntegerField()
    right = forms.IntegerField()
    trash = forms.TypedMultipleChoiceField(coerce=int, required=False)
    merge = forms.TypedMultipleChoiceField(
        coerce=Part, empty_value=[], required=False, choices=[(part.value, part.value) for part in Part]
    )

    def __init__(self, data: object, member_ids: list[int]) -> None:
        super().__init__(data)  # type: ignore[arg-type]  # a QueryDict
        self.member_ids = member_ids
        trash = self.fields["trash"]
        if isinstance(trash, forms.TypedMultipleChoiceField):
            trash.choices = [(pk, pk) for pk in member_ids]


class ConfirmForm(forms.Form):
    """How many photos go to the trash, typed by the person who wants it."""

    photos = forms.IntegerField(min_value=1, widget=forms.NumberInput(attrs={"autocomplete": "off"}))
