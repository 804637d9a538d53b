"""
Time pages of the dashboard.

In: a DSN, paths. Out: milliseconds by path. I/O: starts `pgmoat serve`; HTTP on loopback.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import socket
import subprocess
import sys
import time
from collections.abc import Generator, Sequence
from pathlib import Path

import httpx

_START_S = 30.0


def time_pages(dsn: str, paths: Sequence[str], times: int) -> dict[str, list[float]]:
    """Return how long a viewer waits for each page, in ms: from the request to the last byte."""
    taken: dict[str, list[float]] = {path: [] for path in paths}
    with _serve(dsn) as client:
        for _ in range(times):
            for path in paths:
                began = time.perf_counter()
                client.get(path).raise_for_status()
                taken[path].append((time.perf_counter() - began) * 1000)
    return taken


@contextlib.contextmanager
def _serve(dsn: str) -> Generator[httpx.Client]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    token = secrets.token_urlsafe(24)
    process = subprocess.Popen(
        [sys.executable, "-m", "pgmoat", "serve", "--listen", f"127.0.0.1:{port}"],
        cwd=Path(__file__).parents[1],
        env={**os.environ, "PGMOAT_DSN": dsn, "PGMOAT_DASHBOARD_OPERATOR_TOKEN": token},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    url = f"http://127.0.0.1:{port}"
    try:
        with httpx.Client(base_url=url, headers={"Origin": url}, timeout=60, trust_env=False) as client:
            _wait(client)
            answer = client.post("/login", data={"token": token, "name": "bench"})
            assert answer.is_redirect, answer.text
            yield client
    finally:
        process.terminate()
        process.wait()


def _wait(client: httpx.Client) -> None:
    deadline = time.monotonic() + _START_S
    while True:
        try:
            client.get("/healthz").raise_for_status()
        except httpx.TransportError:
            assert time.monotonic() < deadline, "the dashboard does not start"
            time.sleep(0.1)
        else:
            return
