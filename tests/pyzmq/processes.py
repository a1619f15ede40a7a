"""Processes of the tests."""

import selectors


def first_line(stream, timeout_ms):
    """The first line that a process writes to its pipe."""
    with selectors.DefaultSelector() as selector:
        selector.register(stream, selectors.EVENT_READ)
        assert selector.select(timeout_ms / 1000), "no line in time"
    return stream.readline().strip()
