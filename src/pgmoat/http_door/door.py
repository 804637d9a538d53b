"""
How many connections may stand open, in all and from one address, and who has to go for the next.

In: connections as they come, from a listening socket. Out: the same, fewer of them. I/O: network.

uvicorn counts none, and one that sends half a header costs a file descriptor for as long as its sender likes.
They are counted where they are accepted, before TLS: half a handshake costs one too.
"""

from __future__ import annotations

import contextlib
import ipaddress
import resource
import socket
from dataclasses import dataclass, field
from typing import Any

BACKLOG = 128
_MOST = 1_000
_LEAST = 16
_FILES_WANTED = 4_096
_FILES_KEPT = 3 * BACKLOG + 100  # for those that were accepted before others are gone, and for all else
_PARTS = 4


class Caller(socket.socket):
    """One who is connected."""

    def __init__(self, door: Door, peer: tuple[Any, ...], fileno: int) -> None:
        super().__init__(fileno=fileno)
        self.peer = peer
        self.group = group_address(str(peer[0]))
        self._door = door

    def close(self) -> None:
        """Leave."""
        self._door.leave(self)
        super().close()

    def hang_up(self) -> None:
        """End the connection, so that whoever reads from it finds its end and closes it."""
        with contextlib.suppress(OSError):  # the other side was faster
            self.shutdown(socket.SHUT_RDWR)


@dataclass(slots=True)
class Door:
    """
    Who is connected, in the order in which they came.

    Where no more fit, whoever has waited longest for its own next request to arrive goes, and not the one
    that comes: holding connections open keeps nobody out. Those that are being answered stay.
    """

    most: int = _MOST
    most_of_one: int = _MOST
    let_go: int = 0
    _groups: dict[str, dict[tuple[Any, ...], Caller]] = field(
        default_factory=dict[str, dict[tuple[Any, ...], Caller]]
    )
    _answered: set[tuple[Any, ...]] = field(default_factory=set[tuple[Any, ...]])

    def let_in(self, caller: Caller) -> bool:
        """Whether *caller* may come in; somebody else may have had to go."""
        own = self._groups.get(caller.group, {})
        is_full = sum(map(len, self._groups.values())) >= self.most
        if len(own) >= self.most_of_one:
            has_room = self._make_room(own)
        else:
            largest = max(self._groups.values(), key=len, default=own)
            has_room = not is_full or self._make_room(largest)
        if has_room:
            self._groups.setdefault(caller.group, {})[caller.peer] = caller
        else:
            self.let_go += 1
        return has_room

    def leave(self, caller: Caller) -> None:
        """Forget one that is gone."""
        own = self._groups.get(caller.group, {})
        if own.get(caller.peer) is caller:
            del own[caller.peer]
            self._answered.discard(caller.peer)
        if not own:
            self._groups.pop(caller.group, None)

    def mark(self, peer: tuple[Any, ...], *, is_answered: bool) -> None:
        """Mark whether the request of *peer* has come whole and its answer has not gone out."""
        if is_answered:
            self._answered.add(peer)
        else:
            self._answered.discard(peer)

    def _make_room(self, group: dict[tuple[Any, ...], Caller]) -> bool:
        longest = next((caller for peer, caller in group.items() if peer not in self._answered), None)
        if longest is None:
            return False
        self.let_go += 1
        self.leave(longest)
        longest.hang_up()
        return True


class Doorway(socket.socket):
    """A listening socket that lets in whom its door lets in."""

    def __init__(self, listener: socket.socket, door: Door) -> None:
        super().__init__(fileno=listener.detach())
        self._door = door

    def accept(self) -> tuple[socket.socket, Any]:
        """
        Return the next connection.

        Raises:
            ConnectionAbortedError: it was not let in; to an event loop that is one that went away by itself.
        """
        accepted, peer = super().accept()
        caller = Caller(self._door, peer, accepted.detach())
        if not self._door.let_in(caller):
            caller.close()
            raise ConnectionAbortedError
        return caller, peer


def open_door(*, is_one_address: bool, most: int = _MOST) -> Door:
    """Return a door for as many as this process may have files; *is_one_address*: all come from the same."""
    most = max(_LEAST, min(most, raise_file_limit() - _FILES_KEPT))
    return Door(most, most if is_one_address else max(_LEAST, most // _PARTS))


def raise_file_limit() -> int:
    """Return how many files this process may open, after raising that as far as it may and is of use."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY:
        return _FILES_WANTED
    wanted = _FILES_WANTED if hard == resource.RLIM_INFINITY else min(hard, _FILES_WANTED)
    if wanted <= soft:
        return soft
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    except (OSError, ValueError):  # macOS has a further limit of its own
        return soft
    return wanted


def group_address(host: str) -> str:
    """Return what counts as one address: of IPv6 a network, because whoever has one has all of it."""
    try:
        address = ipaddress.IPv6Address(host.partition("%")[0])
    except ValueError:
        return host
    return str(ipaddress.IPv6Network((int(address) >> 64 << 64, 64)))
