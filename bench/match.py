"""Measure the search for candidates among N photos: time of each channel, inserts a second, sizes, and what is found.

    python -m bench.match PHOTOS [--number 1000000] [--vectors 100000] [--queries 300] [--inserts 2000] [--seed 1]

PHOTOS is a folder of real photos. A server of its own, tuned as the product's is, gets N made-up photos whose hashes
and words are as frequent as those of one half of the real ones (bench/match_data.py), and as many vectors as asked for.
Of the other half each original is added as the product adds it, and looked up by four changed copies of it: at most
1,000 copies, all of which must be found. Times are of one photo at a time, and of batches as the match stage asks.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import psutil

from bench.match_data import BLOCK_PHOTOS, CHANGES, Imitation, Taken, lists_as_copied, take

if TYPE_CHECKING:
    from django.db.backends.utils import CursorWrapper

    from dedup.models import Fingerprint

SUFFIXES = {".jpg", ".jpeg", ".png", ".webp"}
ORIGINALS_MAX = 250
BATCH_PHOTOS = 16
VECTOR_SIDE = 512
MODEL = "made-up/1"
# Made-up vectors lie around so many centres, at the cosine of 0.5 that random photos have by CLIP.
VECTOR_CENTRES = 1_000
MIB = 1024 * 1024


def main() -> None:
    options = parse()
    files = sorted(path for path in options.photos.rglob("*") if path.suffix.lower() in SUFFIXES)
    if len(files) < 20:
        raise SystemExit(f"{options.photos} holds fewer than 20 pictures.")
    with ProcessPoolExecutor(2) as pool:
        taken = list(pool.map(take, files, chunksize=4))
    imitation = Imitation([one["original"].print for one in taken[::2]], options.seed)
    planted = taken[1::2][:ORIGINALS_MAX]
    with tempfile.TemporaryDirectory(prefix="likeness-bench-", ignore_cleanup_errors=True) as folder:
        os.environ |= {
            "DJANGO_SETTINGS_MODULE": "gallery.settings",
            "GALLERY_DATA": folder,
            "SECRET_KEY": "only for measuring " * 3,
            "DATABASE_URL": "",
        }
        measure(options, imitation, planted)


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("photos", type=Path)
    parser.add_argument("--number", type=int, default=1_000_000)
    parser.add_argument("--vectors", type=int, default=100_000)
    parser.add_argument("--queries", type=int, default=300)
    parser.add_argument("--inserts", type=int, default=2_000)
    parser.add_argument("--seed", type=int, default=1)
    return parser.parse_args()


def measure(
    options: argparse.Namespace, imitation: Imitation, planted: Sequence[Mapping[str, Taken]]
) -> None:
    import django
    from django.core.management import call_command

    from gallery.embedded.servers import embedded_servers

    with embedded_servers().held():
        django.setup()
        call_command("migrate", verbosity=0)
        owner_id = fill(options, imitation)
        measure_inserts(options.inserts, imitation, owner_id)
        originals = add(planted, owner_id)
        measure_queries(options.queries, planted, originals, options.vectors)
        print_sizes(options.number)


def fill(options: argparse.Namespace, imitation: Imitation) -> int:
    """Put the made-up photos into the tables that candidates are read from. Returns the owner's id."""
    from django.db import connection

    from gallery.models import User

    owner_id = int(User.objects.create(username="owner").pk)
    started = time.monotonic()
    with connection.cursor() as cursor:
        fill_photos(cursor, options.number, owner_id)
        fill_hashes(cursor, options.number, imitation)
        fill_words(cursor, options.number, imitation)
        fill_vectors(cursor, min(options.vectors, options.number), options.seed)
        cursor.execute(
            "VACUUM ANALYZE dedup_hashentry, dedup_wordpostings, dedup_freshword, gallery_embedding"
        )
        cursor.execute("ANALYZE gallery_photo")
        cursor.execute("CHECKPOINT")
    print(f"{options.number:,} photos made up and indexed in {time.monotonic() - started:.0f} s", flush=True)
    return owner_id


def fill_photos(cursor: CursorWrapper, number: int, owner_id: int) -> None:
    """Rows of the photos' table, without the indexes that serve the pages: candidates are joined by id."""
    from gallery.models import Photo

    first = make_photo(owner_id, 0)
    fields = [field for field in Photo._meta.concrete_fields if not field.generated]
    made_up = ("id", "stored_sha256", "upload_sha256")
    names = [field.column or "" for field in fields if field.column not in made_up]
    cursor.execute(
        "SELECT indexrelid::regclass::text FROM pg_index WHERE indrelid = 'gallery_photo'::regclass"
        " AND NOT indisunique"
    )
    for (index,) in cursor.fetchall():
        cursor.execute(f"DROP INDEX {index}")
    cursor.execute("CREATE INDEX ON gallery_photo (stored_sha256)")
    columns = ", ".join(names)
    cursor.execute(
        f"""
        INSERT INTO gallery_photo (stored_sha256, upload_sha256, {columns})
        SELECT lpad(n::text, 64, '0'), lpad(n::text, 64, '0'), {columns}
          FROM gallery_photo, generate_series(1, %s) AS n WHERE id = %s
        """,  # noqa: S608  # names of columns
        [number - 1, first.pk],
    )


def fill_hashes(cursor: CursorWrapper, number: int, imitation: Imitation) -> None:
    from dedup.compare.fingerprint import VERSION
    from dedup.hash_index import bit_string

    with cursor.copy("COPY dedup_hashentry (photo_id, version, bits) FROM STDIN") as copy:
        for start in range(1, number + 1, BLOCK_PHOTOS):
            hashes = imitation.hashes(min(BLOCK_PHOTOS, number + 1 - start))
            rows = (
                f"{start + row}\t{VERSION}\t{bit_string(bits.tobytes())}\n" for row, bits in enumerate(hashes)
            )
            copy.write("".join(rows))


def fill_words(cursor: CursorWrapper, number: int, imitation: Imitation) -> None:
    """The last photos' words are fresh, as many as are in a site that takes photos in; others are in their lists."""
    from dedup.compare.fingerprint import VERSION
    from dedup.word_index import PHOTOS_PER_SETTLING, SLICES, keys_of

    fresh = min(number // 2, PHOTOS_PER_SETTLING * SLICES)
    sizes = [min(BLOCK_PHOTOS, number - start) for start in range(0, number, BLOCK_PHOTOS)]
    words = np.concatenate([imitation.words(size) for size in sizes])
    with cursor.copy("COPY dedup_wordpostings (key, photo_ids) FROM STDIN WITH BINARY") as copy:
        for block in lists_as_copied(words[: number - fresh], 1, VERSION):
            copy.write(block)
    with cursor.copy("COPY dedup_freshword (key, photo_id) FROM STDIN") as copy:
        for photo_id in range(number - fresh + 1, number + 1):
            keys = keys_of(sorted(set(words[photo_id - 1].tolist())), VERSION)
            copy.write("".join(f"{key}\t{photo_id}\n" for key in keys))


def fill_vectors(cursor: CursorWrapper, number: int, seed: int) -> None:
    from gallery.vector_index import ensure_vector_index

    random = np.random.default_rng(seed)
    centres = random.standard_normal((VECTOR_CENTRES, VECTOR_SIDE))
    with cursor.copy("COPY gallery_embedding (photo_id, model, vector) FROM STDIN") as copy:
        for start in range(1, number + 1, BLOCK_PHOTOS):
            count = min(BLOCK_PHOTOS, number + 1 - start)
            vectors = centres[random.integers(0, VECTOR_CENTRES, count)] + random.standard_normal(
                (count, VECTOR_SIDE)
            )
            vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
            for row, vector in enumerate(np.round(vectors, 4).astype(str).tolist()):
                copy.write(f"{start + row}\t{MODEL}\t[{','.join(vector)}]\n")
    ensure_vector_index(MODEL, VECTOR_SIDE)


def make_photo(owner_id: int, number: int) -> Any:
    from gallery.models import Photo, PhotoState

    digest = f"{number:064x}"[::-1]
    return Photo.objects.create(
        owner_id=owner_id,
        upload_sha256=digest,
        stored_sha256=digest,
        file_name="photo.jpg",
        media_type="image/jpeg",
        file_size=1,
        state=PhotoState.READY,
        width=500,
        height=375,
    )


def measure_inserts(number: int, imitation: Imitation, owner_id: int) -> None:
    """Add photos batch by batch as the match stage does, settling of fresh words included."""
    from dedup.candidates import index_fingerprints
    from dedup.compare.fingerprint import VERSION
    from dedup.hash_index import bit_string
    from dedup.models import Fingerprint

    made = []
    for place in range(number):
        stored = imitation.stored()
        phash = bit_string(stored[1:33])
        photo = make_photo(owner_id, 10_000_000 + place)
        made.append(Fingerprint(photo=photo, version=VERSION, phash=phash, features=stored, phash_quality=90))
    Fingerprint.objects.bulk_create(made, batch_size=500)
    started, own, spent = time.monotonic(), time.process_time(), postgres_cpu()
    for start in range(0, number, BATCH_PHOTOS):
        index_fingerprints(made[start : start + BATCH_PHOTOS])
    took = time.monotonic() - started
    own, spent = (1000 * one / number for one in (time.process_time() - own, postgres_cpu() - spent))
    print(
        f"inserts: {number / took:.0f} photos/s by one worker; CPU of a photo: worker {own:.2f} ms, PostgreSQL"
        f" {spent:.2f} ms, so {2000 / (own + spent):.0f} photos/s on two cores",
        flush=True,
    )


def postgres_cpu() -> float:
    """Seconds of CPU that the server's processes, this connection's among them, have spent."""
    from django.conf import settings

    total = 0.0
    folder = settings.GALLERY_DATA / "postgres"
    for process in psutil.process_iter():
        try:
            if process.name().startswith("postgres") and Path(process.cwd()) == folder.resolve():
                times = process.cpu_times()
                total += times.user + times.system
        except psutil.Error:
            continue
    return total


def add(planted: Sequence[Mapping[str, Taken]], owner_id: int) -> list[int]:
    """Add the originals as the product does. Returns their ids."""
    from dedup.candidates import index_fingerprints
    from dedup.models import Fingerprint

    made = []
    for place, one in enumerate(planted):
        photo = make_photo(owner_id, 20_000_000 + place)
        made.append(stored_fingerprint(one["original"], photo.pk))
    Fingerprint.objects.bulk_create(made)
    for start in range(0, len(made), BATCH_PHOTOS):
        index_fingerprints(made[start : start + BATCH_PHOTOS])
    return [one.photo_id for one in made]


def stored_fingerprint(taken: Taken, photo_id: int) -> Fingerprint:
    """The row of a fingerprint, not saved."""
    from dedup.compare.fingerprint import VERSION
    from dedup.hash_index import bit_string
    from dedup.models import Fingerprint as Row

    phash = taken.record["phash"]
    return Row(
        photo_id=photo_id,
        version=VERSION,
        phash=bit_string(phash) if isinstance(phash, bytes) else None,
        features=taken.record["features"],
    )


def measure_queries(
    number: int, planted: Sequence[Mapping[str, Taken]], originals: Sequence[int], vectors: int
) -> None:
    """Look the changed copies up: all of them in batches for what is found, some alone for the times."""
    from dedup.candidates import near_hashes, near_looks, shared_words

    copies = [
        (change, original, stored_fingerprint(one[change], -1 - len(CHANGES) * place - turn))
        for place, (one, original) in enumerate(zip(planted, originals, strict=True))
        for turn, change in enumerate(CHANGES)
    ]
    rows = [row for _, _, row in copies]
    random = np.random.default_rng(1)
    some = [rows[at] for at in random.permutation(len(rows))[:number]]
    looked = random.integers(1, max(2, vectors), len(some)).tolist()
    channels: dict[str, Callable[[int], object]] = {
        "hashes, eight turns": lambda at: near_hashes([some[at]]),
        "words, with the mirror": lambda at: shared_words([some[at]]),
        f"neighbours of {vectors:,} vectors": lambda at: near_looks([looked[at]]),
    }
    print_times(channels, len(some))
    found: dict[int, set[int]] = {row.photo_id: set() for row in rows}
    for channel, ask in (("hashes", near_hashes), ("words", shared_words)):
        started = time.monotonic()
        for start in range(0, len(rows), BATCH_PHOTOS):
            for name, others in ask(rows[start : start + BATCH_PHOTOS]).items():
                found[name].update(others)
        each = 1000 * (time.monotonic() - started) / len(rows)
        print(f"{channel}, {BATCH_PHOTOS} photos by one statement: {each:.1f} ms a photo")
    print_recall([(change, original in found[row.photo_id]) for change, original, row in copies])


def print_times(channels: Mapping[str, Callable[[int], object]], number: int) -> None:
    """Ask each channel for one photo after the other; wall time, and CPU time of the server's process alone."""
    wall = {name: np.zeros(number) for name in channels}
    cpu = {name: np.zeros(number) for name in channels}
    for at in range(number):
        for name, ask in channels.items():
            started, spent = time.monotonic(), backend_cpu_ms()
            ask(at)
            wall[name][at] = 1000 * (time.monotonic() - started)
            cpu[name][at] = backend_cpu_ms() - spent
    for taken in (wall, cpu):
        taken["all three"] = np.sum(list(taken.values()), axis=0)
    for name in wall:
        p50, p95 = np.percentile(wall[name], (50, 95))
        cpu50, cpu95 = np.percentile(cpu[name], (50, 95))
        print(
            f"candidates of one photo, {name}: p50 {p50:.1f} ms, p95 {p95:.1f} ms"
            f" (CPU of the server {cpu50:.1f} and {cpu95:.1f} ms)",
            flush=True,
        )


def backend_cpu_ms() -> float:
    """CPU time of the process that serves this connection, as Linux counts it in nanoseconds."""
    from django.db import connection

    assert connection.connection is not None  # noqa: S101 - queries went before
    statistics = Path(f"/proc/{connection.connection.info.backend_pid}/schedstat").read_text()
    return int(statistics.split()[0]) / 1e6


def print_recall(looked_up: Sequence[tuple[str, bool]]) -> None:
    hits = sum(hit for _, hit in looked_up)
    by_change = {
        change: f"{sum(hit for name, hit in looked_up if name == change)} of "
        f"{sum(name == change for name, _ in looked_up)}"
        for change in CHANGES
    }
    each = ", ".join(f"{change} {share}" for change, share in by_change.items())
    print(f"planted copies found: {hits} of {len(looked_up)} ({each})")


def print_sizes(number: int) -> None:
    """Sizes of the tables that candidates are read from, and of their indexes."""
    from django.db import connection

    tables = ("dedup_hashentry", "dedup_wordpostings", "dedup_freshword", "gallery_embedding")
    with connection.cursor() as cursor:
        for table in tables:
            cursor.execute(
                "SELECT pg_table_size(%s::regclass), pg_indexes_size(%s::regclass)", [table, table]
            )
            rows, indexes = cursor.fetchone()
            each = (rows + indexes) / number
            print(
                f"{table}: {rows / MIB:.0f} MB and {indexes / MIB:.0f} MB of indexes, {each:.0f} bytes a photo"
            )


if __name__ == "__main__":
    main()
