"""Finding copies among the files of a folder that nobody imported: no database, no workers, the same engine."""
