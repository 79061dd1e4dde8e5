"""The one error of the embedded servers."""


class ServerError(Exception):
    """A server cannot be used; the message is one sentence for the user that says what to do."""
