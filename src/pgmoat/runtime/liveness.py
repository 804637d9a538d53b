"""
Whether an idle connection still has somebody at the other end, without asking.

In: a socket. Out: a yes or no. I/O: looks at the socket, sends nothing.
"""

from __future__ import annotations

import select


def is_silent(socket_number: int) -> bool:
    """Whether nothing waits to be read, as on any sound idle connection; an end of file does wait."""
    poll = select.poll()
    poll.register(socket_number, select.POLLIN | select.POLLERR | select.POLLHUP)
    return not poll.poll(0)
