"""When and where a screenshot was taken, as names of the usual programs say it."""

from __future__ import annotations

from datetime import datetime

import pytest

from dedup.compare.screen_names import monitor_of, time_of

MOMENT = datetime(2024, 5, 2, 13, 22, 11)


@pytest.mark.parametrize(
    "name",
    [
        "2024-05/2024-05-02/2024-05-02_13-22-11.png",
        "2024-05-02 13-22-11.png",
        "Screenshot from 2024-05-02 13-22-11.png",
        "Screenshot_20240502_132211.png",
        "Screenshot_20240502-132211_Maps.jpg",
        "Screenshot 2024-05-02 132211.png",
        "Screen Shot 2024-05-02 at 1.22.11 PM.png",
        "Screenshot 2024-05-02 at 1.22.11\u202fPM.png",
        "Bildschirmfoto 2024-05-02 um 13.22.11.png",
        "Capture d\u2019écran 2024-05-02 à 13.22.11.png",
        "2024-05-02T13:22:11_monitor2.png",
        "2024.05.02-13.22.11 (2).png",
        "2024-05/2024-05-02/13-22-11.png",
        "2024-05/2024-05-02/monitor1_132211.png",
        "shot_1714656131.png",
    ],
)
def test_the_usual_names_tell_the_time(name: str) -> None:
    assert time_of(name) == MOMENT


def test_parts_of_a_second_and_milliseconds_since_1970_are_kept() -> None:
    assert time_of("2024-05-02_13-22-11.250.png") == MOMENT.replace(microsecond=250_000)
    assert time_of("07_02_listView_1518423261471.png") == datetime(2018, 2, 12, 8, 14, 21, 471_000)


@pytest.mark.parametrize(
    ("text", "hour"), [("12.05.00 AM", 0), ("12.05.00 PM", 12), ("11.05.00 PM", 23), ("1.05.00 am", 1)]
)
def test_halves_of_the_day_are_understood(text: str, hour: int) -> None:
    assert time_of(f"Screen Shot 2024-05-02 at {text}.png") == datetime(2024, 5, 2, hour, 5)


@pytest.mark.parametrize(
    "name", ["06_settings.PNG", "IMG_1234.png", "2024-02-31_10-00-00.png", "2024-05-02.png", "13-22-11.png"]
)
def test_names_without_a_time_say_none(name: str) -> None:
    assert time_of(name) is None


@pytest.mark.parametrize(
    ("name", "monitor"),
    [
        ("2024-05-02_13-22-11_monitor2.png", "monitor2"),
        ("eDP-1_20240502_132211.png", "edp-1"),
        ("20240502_132211-HDMI-A-1.png", "hdmi-a-1"),
        ("Screenshot 2024-05-02 at 13.22.11 (2).png", "(2)"),
        ("Screenshot_20240502_132211.png", ""),
        ("lemon 12.png", ""),
    ],
)
def test_a_part_of_the_name_tells_the_monitor(name: str, monitor: str) -> None:
    assert monitor_of(name) == monitor
