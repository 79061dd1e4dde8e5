"""What tells that a file is not made smaller."""


class LeftAlone(Exception):
    """The file stays as it is; the message says why."""
