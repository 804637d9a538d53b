"""
The terminal's keys, one by one, without echo; and the terminal as it was, whatever happens.

In: a file descriptor. Out: names of keys. I/O: the terminal.
"""

from __future__ import annotations

import contextlib
import os
import signal
import termios
import threading
import tty
from collections.abc import Generator
from types import FrameType
from typing import Any

_SEQUENCES = {
    b"\x1b[A": "up",
    b"\x1bOA": "up",
    b"\x1b[B": "down",
    b"\x1bOB": "down",
    b"\t": "tab",
    b"\x1b[Z": "tab",
}
_ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_MOST = 1024
_CONTROL_CHARACTERS = 6  # of what tcgetattr returns


def decode_keys(data: bytes) -> list[str]:
    """Return the keys in *data*; one that is not known is 'other': to a question it is no yes."""
    keys: list[str] = []
    while data:
        sequence = next((known for known in _SEQUENCES if data.startswith(known)), None)
        if sequence is not None:
            keys.append(_SEQUENCES[sequence])
            data = data[len(sequence) :]
        elif data[0] == 0x1B:  # Escape, or a sequence that nobody asked for
            keys.append("other")
            data = b""
        else:
            character = data[:1].decode("ascii", "replace")
            keys.append(character if character.isprintable() and character.isascii() else "other")
            data = data[1:]
    return keys


def read_keys(descriptor: int) -> list[str] | None:
    """Return the keys that were pressed, None where the terminal is gone."""
    try:
        data = os.read(descriptor, _MOST)
    except OSError:
        return None
    return decode_keys(data) if data else None


@contextlib.contextmanager
def watch_keys(descriptor: int) -> Generator[threading.Event]:
    """
    Have keys come one by one inside the block; Ctrl-C, SIGTERM and SIGHUP interrupt it.

    The event is set as well: an exception that comes while Python runs a finalizer is lost.
    """
    interrupted = threading.Event()

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        interrupted.set()
        raise KeyboardInterrupt

    before = termios.tcgetattr(descriptor)
    handlers = {number: signal.signal(number, interrupt) for number in _ENDING}
    try:
        tty.setcbreak(descriptor)
        attributes: list[Any] = termios.tcgetattr(descriptor)
        # Ctrl-Z would leave the shell on our screen.
        attributes[_CONTROL_CHARACTERS][termios.VSUSP] = b"\0"
        termios.tcsetattr(descriptor, termios.TCSADRAIN, attributes)
        yield interrupted
    finally:
        with contextlib.suppress(termios.error):  # the terminal is gone
            termios.tcsetattr(descriptor, termios.TCSADRAIN, before)
        for number, handler in handlers.items():
            signal.signal(number, handler)
