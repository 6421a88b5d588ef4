class TradeoffError(Exception):
    """What a user can mend: its text is one sentence that says what to do. The command exits with `code`."""

    code = 2


class Interrupted(TradeoffError):  # noqa: N818 - a request, not an error
    """The user or the system asked the command to end (SIGINT, SIGTERM)."""

    code = 130
