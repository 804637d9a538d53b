"""
A terminal with a program in it: keys go in, a screen comes out.

In: a command. Out: Terminal. I/O: a process behind a pseudo-terminal.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import termios
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from typing import Any

import pyte

_ALTERNATE = (b"\x1b[?1049h", b"\x1b[?1049l")


class Terminal:
    """What a person sees, and the keys they press."""

    def __init__(
        self, command: Sequence[str], environment: Mapping[str, str], columns: int, lines: int
    ) -> None:
        self.master, self.slave = pty.openpty()
        self._screen = pyte.Screen(columns, lines)
        self._stream = pyte.ByteStream(self._screen)
        self.raw = b""
        self.resize(columns, lines)
        self.modes_before: list[Any] = termios.tcgetattr(self.slave)
        self.process = subprocess.Popen(
            command,
            stdin=self.slave,
            stdout=self.slave,
            stderr=self.slave,
            env={**environment, "TERM": "xterm-256color"},
            start_new_session=True,
        )

    def resize(self, columns: int, lines: int) -> None:
        """Change the size of the window."""
        fcntl.ioctl(self.slave, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
        self._screen.resize(lines, columns)

    def press(self, keys: str) -> None:
        """Press keys."""
        os.write(self.master, keys.encode())

    def read(self, seconds: float = 0.05) -> list[str]:
        """Return the screen, line by line, as it is after *seconds*."""
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            ready, _, _ = select.select([self.master], [], [], left)
            if not ready:
                break
            data = os.read(self.master, 65536)
            self.raw += data
            self._stream.feed(data)
        return list(self._screen.display)

    def wait_for(self, condition: Callable[[list[str]], object], seconds: float = 20) -> list[str]:
        """Return the screen as soon as *condition* holds of it."""
        deadline = time.monotonic() + seconds
        while not condition(shown := self.read()):
            assert time.monotonic() < deadline, "it never came:\n" + "\n".join(shown)
        return shown

    def wait_for_text(self, text: str) -> list[str]:
        """Return the screen as soon as *text* is on it."""
        return self.wait_for(lambda lines: any(text in line for line in lines))

    def wait_for_end(self, seconds: float = 20) -> int:
        """Return the exit code; what is written meanwhile is read, or it would never end."""
        deadline = time.monotonic() + seconds
        while self.process.poll() is None:
            assert time.monotonic() < deadline, "it did not end"
            self.read()
        self.read()
        return self.process.returncode

    @property
    def is_restored(self) -> bool:
        """Whether the terminal has its modes, its screen and its cursor back."""
        entered, left = _ALTERNATE
        is_back = self.raw.count(entered) == self.raw.count(left) > 0
        has_cursor = self.raw.rfind(b"\x1b[?25h") > self.raw.rfind(b"\x1b[?25l")
        return is_back and has_cursor and termios.tcgetattr(self.slave) == self.modes_before


@contextlib.contextmanager
def open_terminal(
    command: Sequence[str], environment: Mapping[str, str], columns: int = 80, lines: int = 24
) -> Generator[Terminal]:
    """Run *command* in a terminal until the block ends."""
    terminal = Terminal(command, environment, columns, lines)
    try:
        yield terminal
    finally:
        if terminal.process.poll() is None:
            terminal.process.send_signal(signal.SIGKILL)
        terminal.process.wait()
        os.close(terminal.master)
        os.close(terminal.slave)
