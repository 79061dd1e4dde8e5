"""The guarded decoder: a poison file never hurts the parent."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest
import pyvips

from gallery.imaging.guard import DeathCause, DecoderDied, GuardedDecoder, Refused, example_pixels
from tests.live import PATIENCE_S
from tests.pictures import jpeg_bytes, png_bytes, scene
from tests.raws import dng_bytes

HERE = "tests.imaging.misbehaving"
ROOT = Path(__file__).resolve().parents[2]
TELL_PID = ("pid", f"{HERE}:tell_pid")


@pytest.fixture
def decoder() -> Iterator[GuardedDecoder]:
    with GuardedDecoder() as guarded:
        yield guarded


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    path = tmp_path / "photo.jpg"
    path.write_bytes(jpeg_bytes(scene(1)))
    return path


def pid_of_child(decoder: GuardedDecoder, photo: Path) -> int:
    pid = decoder.analyse(photo, [TELL_PID]).results["pid"]["pid"]
    assert isinstance(pid, int)
    return pid


def test_an_analysis_holds_the_picture_and_each_result_by_name(decoder: GuardedDecoder, photo: Path) -> None:
    analysis = decoder.analyse(photo, [TELL_PID, ("sharp", "gallery.imaging.quality:compute")], "image/jpeg")
    assert (analysis.width, analysis.height, analysis.media_type) == (640, 480, "image/jpeg")
    assert analysis.results["pid"]["size"] == [640, 480]
    assert analysis.results["sharp"]["sharpness"] > 0
    assert not analysis.damaged
    assert analysis.warnings == []


def test_the_child_lives_on_from_file_to_file(decoder: GuardedDecoder, photo: Path) -> None:
    assert pid_of_child(decoder, photo) == pid_of_child(decoder, photo)


def test_the_child_is_replaced_after_so_many_files(photo: Path) -> None:
    with GuardedDecoder(max_files=2) as decoder:
        pids = [pid_of_child(decoder, photo) for _ in range(4)]
    assert pids[0] == pids[1] != pids[2] == pids[3]


def test_a_child_that_keeps_memory_is_replaced(decoder: GuardedDecoder, photo: Path) -> None:
    leaky = decoder.analyse(photo, [("leak", f"{HERE}:keep_memory")]).results["leak"]["pid"]
    assert pid_of_child(decoder, photo) != leaky


def test_a_file_that_is_no_picture_is_refused_with_a_sentence(
    decoder: GuardedDecoder, tmp_path: Path
) -> None:
    page = tmp_path / "page.jpg"
    page.write_text("<html><body>hello</body></html>")
    with pytest.raises(Refused, match="This is a web page"):
        decoder.analyse(page, [])


def test_a_file_that_changed_its_kind_is_refused(decoder: GuardedDecoder, photo: Path) -> None:
    with pytest.raises(Refused, match="taken for image/png"):
        decoder.analyse(photo, [], "image/png")


def test_a_picture_that_never_ends_is_stopped(photo: Path) -> None:
    with GuardedDecoder(time_limit_seconds=3) as decoder:
        with pytest.raises(DecoderDied, match="too long") as death:
            decoder.analyse(photo, [("hang", f"{HERE}:hang")])
        assert death.value.cause is DeathCause.TIME
        assert pid_of_child(decoder, photo) > 0


def test_a_picture_that_eats_memory_is_stopped_near_the_limit(photo: Path) -> None:
    with GuardedDecoder(memory_limit_bytes=300 * 2**20) as decoder:
        with pytest.raises(DecoderDied, match="too much memory") as death:
            decoder.analyse(photo, [("eat", f"{HERE}:eat_memory")])
        assert death.value.cause is DeathCause.MEMORY
        assert pid_of_child(decoder, photo) > 0


def test_memory_beyond_the_limit_is_never_held_however_fast_it_is_taken(photo: Path) -> None:
    with GuardedDecoder(memory_limit_bytes=300 * 2**20) as decoder:
        child = pid_of_child(decoder, photo)
        with pytest.raises(DecoderDied, match="too much memory") as death:
            decoder.analyse(photo, [("eat", f"{HERE}:eat_memory_at_once")])
        assert death.value.cause is DeathCause.MEMORY
        assert pid_of_child(decoder, photo) == child
        peak = decoder.analyse(photo, [("peak", f"{HERE}:tell_peak")]).results["peak"]["kib"]
    assert peak < 300 * 2**10


def test_a_library_that_ends_the_process_for_want_of_memory_is_no_crash(
    decoder: GuardedDecoder, photo: Path
) -> None:
    with pytest.raises(DecoderDied, match="too much memory") as death:
        decoder.analyse(photo, [("abort", f"{HERE}:abort_as_glib")])
    assert death.value.cause is DeathCause.MEMORY


def test_a_raw_file_whose_directory_lies_far_on_may_have_been_taken_for_a_tiff(
    decoder: GuardedDecoder, tmp_path: Path
) -> None:
    late = tmp_path / "late.dng"
    late.write_bytes(dng_bytes(scene(1, (320, 240))))
    assert decoder.analyse(late, [], "image/tiff").media_type == "image/x-adobe-dng"
    with pytest.raises(Refused, match="taken for image/jpeg"):
        decoder.analyse(late, [], "image/jpeg")


def test_a_crash_is_told_and_the_next_file_works(decoder: GuardedDecoder, photo: Path) -> None:
    with pytest.raises(DecoderDied, match="SIGSEGV") as death:
        decoder.analyse(photo, [("crash", f"{HERE}:crash")])
    assert death.value.cause is DeathCause.CRASH
    assert pid_of_child(decoder, photo) > 0


def test_a_file_is_not_blamed_for_a_child_that_another_file_broke(
    decoder: GuardedDecoder, photo: Path
) -> None:
    analyser = ("crash", f"{HERE}:crash_in_used_child")
    for _ in range(3):
        assert decoder.analyse(photo, [analyser]).results["crash"]["files"] == 1


def test_a_child_that_was_killed_while_idle_is_replaced(decoder: GuardedDecoder, photo: Path) -> None:
    child = psutil.Process(pid_of_child(decoder, photo))
    child.kill()
    assert pid_of_child(decoder, photo) != child.pid


def test_an_interrupted_question_is_not_answered_to_the_next_one(
    decoder: GuardedDecoder, photo: Path
) -> None:
    class CallerLimit(Exception):
        pass

    def interrupt(*_: object) -> None:
        raise CallerLimit

    before = signal.signal(signal.SIGALRM, interrupt)
    first = pid_of_child(decoder, photo)
    try:
        with pytest.raises(CallerLimit):
            signal.setitimer(signal.ITIMER_REAL, 1)
            decoder.analyse(photo, [("hang", f"{HERE}:hang")])
    finally:
        signal.signal(signal.SIGALRM, before)
    assert pid_of_child(decoder, photo) != first


def test_an_error_in_an_analyser_is_told_with_its_words(decoder: GuardedDecoder, photo: Path) -> None:
    with pytest.raises(DecoderDied, match="ValueError: seven is not a colour") as death:
        decoder.analyse(photo, [("fail", f"{HERE}:fail")])
    assert death.value.cause is DeathCause.FAULT


def test_a_result_that_is_no_plain_value_is_told(decoder: GuardedDecoder, photo: Path) -> None:
    with pytest.raises(DecoderDied, match="TypeError"):
        decoder.analyse(photo, [("strange", f"{HERE}:answer_strangely")])
    assert pid_of_child(decoder, photo) > 0


def test_what_a_library_prints_reaches_neither_the_parent_nor_its_terminal(
    decoder: GuardedDecoder, photo: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    analysis = decoder.analyse(photo, [("shout", f"{HERE}:shout")])
    assert analysis.results == {"shout": {"said": "noise"}}
    assert capfd.readouterr() == ("", "")


def test_an_endless_answer_is_nonsense(decoder: GuardedDecoder, photo: Path) -> None:
    with pytest.raises(DecoderDied, match="nonsense"):
        decoder.analyse(photo, [("flood", f"{HERE}:flood")])
    assert pid_of_child(decoder, photo) > 0


def test_the_child_sees_no_secrets(
    decoder: GuardedDecoder, photo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET_KEY", "do not tell")
    environment = decoder.analyse(photo, [("env", f"{HERE}:tell_environment")]).results["env"]
    assert "do not tell" not in environment.values()


def test_an_example_comes_with_its_pixels(decoder: GuardedDecoder, photo: Path) -> None:
    analysis = decoder.decode_example(photo, [TELL_PID])
    assert example_pixels(analysis).shape == (480, 640, 3)
    assert "pid" in analysis.results


def test_pixels_of_two_files_are_compared_and_rubbish_is_never_equal(
    decoder: GuardedDecoder, photo: Path, tmp_path: Path
) -> None:
    copy, rubbish = tmp_path / "copy.jpg", tmp_path / "rubbish.jpg"
    copy.write_bytes(photo.read_bytes())
    rubbish.write_bytes(b"rubbish")
    assert decoder.pixels_equal(photo, copy)
    assert not decoder.pixels_equal(rubbish, rubbish)


def test_threads_may_share_a_decoder(decoder: GuardedDecoder, tmp_path: Path) -> None:
    paths = [tmp_path / f"{seed}.png" for seed in range(8)]
    for seed, path in enumerate(paths):
        path.write_bytes(png_bytes(scene(seed, (40 + seed, 30))))
    with ThreadPoolExecutor(4) as threads:
        widths = list(threads.map(lambda path: decoder.analyse(path, []).width, paths))
    assert widths == [40 + seed for seed in range(8)]


def test_closing_ends_the_child(photo: Path) -> None:
    decoder = GuardedDecoder()
    pid = pid_of_child(decoder, photo)
    decoder.close()
    assert not psutil.pid_exists(pid)


def run_script(script: str, photo: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", script, str(photo)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


SETUP = f"""
import os, sys
from pathlib import Path
from gallery.imaging.guard import GuardedDecoder
decoder = GuardedDecoder()
def child():
    return decoder.analyse(Path(sys.argv[1]), [{TELL_PID!r}]).results["pid"]["pid"]
"""


def test_the_child_dies_with_its_parent(photo: Path) -> None:
    with run_script(SETUP + "print(child(), flush=True); sys.stdin.read()", photo) as parent:
        assert parent.stdout is not None
        orphan = psutil.Process(int(parent.stdout.readline()))
        parent.kill()
        parent.wait()
        _, living = psutil.wait_procs([orphan], timeout=PATIENCE_S)
        assert not living


def test_a_forked_process_gets_a_child_of_its_own(photo: Path) -> None:
    script = """
before = child()
if os.fork() == 0:
    mine = child()
    decoder.close()
    print("forked", mine != before, flush=True)
    os._exit(0)
os.wait()
print("first", child() == before, flush=True)
decoder.close()
"""
    with run_script(SETUP + script, photo) as parent:
        output, _ = parent.communicate(timeout=PATIENCE_S)
    assert output.splitlines() == ["forked True", "first True"]


@pytest.mark.slow
def test_a_picture_at_the_limit_of_pixels_stays_within_memory_and_time(tmp_path: Path) -> None:
    """380 megapixels in a plain PNG, decoded in strips."""
    path = tmp_path / "large.png"
    rows = pyvips.Image.xyz(20_000, 19_000).extract_band(1)
    (rows > 9_500).pngsave(str(path), bitdepth=1, compression=1)
    with GuardedDecoder(memory_limit_bytes=300 * 2**20) as decoder:
        analysis = decoder.decode_example(path)
    assert (analysis.width, analysis.height) == (20_000, 19_000)
    shown = example_pixels(analysis)
    assert (int(shown[10, 10, 0]), int(shown[-10, 10, 0])) == (0, 255)
