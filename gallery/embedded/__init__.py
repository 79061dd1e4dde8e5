"""PostgreSQL with pgvector and Redis from wheels, for machines that bring no servers of their own.

This package's front is light (paths and numbers only), so that settings can import it;
`gallery.embedded.servers` starts and stops the servers.
"""

from gallery.embedded.cores import cores
from gallery.embedded.paths import broker_url, database_url, redis_url

__all__ = ["broker_url", "cores", "database_url", "redis_url"]
