"""A copy of the whole library in a folder, and a library made from one.

FOLDER/originals/ab/cd/<sha256>         shared by all snapshots, as they never change
FOLDER/previews/...                     with --with-previews
FOLDER/snapshots/<time>/manifest.json   written last: a snapshot without it does not count
FOLDER/snapshots/<time>/tables/<table>.tsv.gz, originals.tsv.gz, secret_key
"""


class BackupError(Exception):
    """The backup cannot be made or used; the message says why and what to do."""
