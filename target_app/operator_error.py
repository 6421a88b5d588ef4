class OperatorError(Exception):
    """Something that the operator can mend; the message is one sentence for the terminal, and the exit code is 2."""
