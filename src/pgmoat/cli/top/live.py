"""
The live screen: a thread that looks and acts, and a loop that draws and takes keys.

In: what opens a connection, a Reader. Out: nothing. I/O: PostgreSQL, the terminal.

The thread has the only connection. A server that is slow, or away, holds up neither keys nor drawing.
"""

from __future__ import annotations

import contextlib
import os
import queue
import select
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import psycopg
from rich.console import Console
from rich.live import Live

from pgmoat.cli.top.acts import Act, carry_out
from pgmoat.cli.top.keys import read_keys, watch_keys
from pgmoat.cli.top.read import Reader, prepare
from pgmoat.cli.top.screen import render_screen
from pgmoat.cli.top.state import State, press, settle
from pgmoat.cli.top.view import View
from pgmoat.errors import Error
from pgmoat.postgres.failures import explain_failure

_RESIZE_S = 0.5
_LEAVE_S = 2.0
_PATIENCE_S = 5.0  # how long after the interval a server that says nothing counts as away

Connection = psycopg.Connection[Any]


@dataclass(frozen=True, slots=True)
class Lost:
    """It could not look, and tries again."""

    why: str


News = View | Lost | str
"""A frame, that there is none, or a line to show."""


@dataclass(slots=True)
class Worker:
    """Looks once per interval, and does what it is told in between."""

    connect: Callable[[], Connection]
    reader: Reader
    acts: queue.SimpleQueue[Act | None] = field(default_factory=queue.SimpleQueue[Act | None])
    news: queue.SimpleQueue[News] = field(default_factory=queue.SimpleQueue[News])
    bell: int = -1  # where a byte is written when there are news
    failure: BaseException | None = None
    _told: str = ""

    def run(self, connection: Connection) -> None:
        """Work until None comes; what goes wrong for good is left in *failure*."""
        try:
            self._work(connection)
        finally:
            self.failure = sys.exc_info()[1]
            self._ring()

    def _work(self, connection: Connection | None) -> None:
        while True:
            began = time.monotonic()
            connection = self._look(connection)
            while (left := began + self.reader.interval.total_seconds() - time.monotonic()) > 0:
                try:
                    act = self.acts.get(timeout=left)
                except queue.Empty:
                    break
                if act is None:
                    if connection is not None:
                        connection.close()
                    return
                self._tell(
                    "not connected: nothing done" if connection is None else carry_out(connection, act)
                )
                connection = self._look(connection)

    def _look(self, connection: Connection | None) -> Connection | None:
        try:
            if connection is None:
                connection = self.connect()
                prepare(connection)
            self._tell(self.reader.look(connection))
            self._told = ""
        except (Error, psycopg.Error) as error:
            known = explain_failure(error) if isinstance(error, psycopg.Error) else error
            if known.message != self._told:  # a server that is away for an hour is one line
                self._tell(Lost(known.message))
            self._told = known.message
            if connection is not None:
                connection.close()
            return None
        return connection

    def _tell(self, news: News) -> None:
        self.news.put(news)
        self._ring()

    def _ring(self) -> None:
        with contextlib.suppress(OSError):  # nobody listens any more
            os.write(self.bell, b"!")


def run_live(connect: Callable[[], Connection], reader: Reader) -> None:
    """
    Show the screen until q is pressed, Ctrl-C, or the terminal is gone.

    Raises:
        Error, psycopg.Error: what it cannot begin with.
    """
    connection = connect()
    prepare(connection)
    view = reader.look(connection)
    hears, bell = os.pipe()
    os.set_blocking(bell, False)
    worker = Worker(connect, reader, bell=bell)
    thread = threading.Thread(target=worker.run, args=(connection,), name="pgmoat top", daemon=True)
    console = Console(highlight=False)
    try:
        with (
            watch_keys(sys.stdin.fileno()) as interrupted,
            Live(console=console, screen=True, auto_refresh=False, vertical_overflow="crop") as live,
        ):
            thread.start()
            with contextlib.suppress(KeyboardInterrupt):
                _run_loop(live, console, worker, view, hears, interrupted)
    finally:
        worker.acts.put(None)
        if thread.is_alive():
            thread.join(_LEAVE_S)
        os.close(hears)
    if worker.failure is not None:
        raise worker.failure


def _run_loop(
    live: Live, console: Console, worker: Worker, view: View, hears: int, interrupted: threading.Event
) -> None:
    keyboard, state = sys.stdin.fileno(), settle(State(), view)
    heard, patience_s = time.monotonic(), worker.reader.interval.total_seconds() + _PATIENCE_S
    while not (state.is_over or interrupted.is_set()) and worker.failure is None:
        width, height = console.size
        live.update(render_screen(view, state, width, height), refresh=True)
        ready, _, _ = select.select([keyboard, hears], [], [], _RESIZE_S)
        if hears in ready:
            os.read(hears, 1024)
            view, state = _take_news(worker, view, state)
            heard = time.monotonic()
        elif time.monotonic() > heard + patience_s and not state.lost:
            view, state = take(Lost("the server does not answer"), view, state)
        if keyboard in ready:
            keys = read_keys(keyboard)
            if keys is None:
                return
            for key in keys:
                state, act = press(state, key, view)
                if act is not None:
                    worker.acts.put(act)


def _take_news(worker: Worker, view: View, state: State) -> tuple[View, State]:
    with contextlib.suppress(queue.Empty):
        while True:
            news = worker.news.get_nowait()
            view, state = take(news, view, state)
    return view, settle(state, view)


def take(news: News, view: View, state: State) -> tuple[View, State]:
    """Return what is shown from now on."""
    if isinstance(news, str):
        return view, replace(state, message=news)
    if isinstance(news, Lost):
        return view, replace(state, message="", lost=news.why)
    return news, replace(
        state, lost="", message=f"connected again at {news.at:%H:%M:%S %Z}"
    ) if state.lost else state
