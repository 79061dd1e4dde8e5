"""One lock per content: intake and purge of the same bytes never interleave."""

from django.db import connection, transaction


def lock_content(sha256: str) -> None:
    """Hold the lock on this digest until the transaction ends. Raises outside a transaction."""
    if not transaction.get_connection().in_atomic_block:
        raise transaction.TransactionManagementError("lock_content needs a transaction to hold the lock.")
    key = int.from_bytes(bytes.fromhex(sha256)[:8], "big", signed=True)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [key])
