"""The host's end of the connection to a guest: messages and printed text, with deadlines and bounded sizes."""

from __future__ import annotations

import math
import os
import select
import socket
import time
from collections.abc import Callable

from autograder.sandbox import wire

CHUNK = 1 << 18
DRAIN_READS = 64
CPU_STEP = 0.01
"""How exactly the processor time is limited, in seconds."""


class Timeout(Exception):
    """The deadline has passed."""


class CpuTimeout(Timeout):
    """The guest has used the processor for longer than it may."""


class Closed(Exception):
    """The guest has closed its end, usually because it has exited."""


class Channel:
    """A socket for messages, and a pipe for printed text.

    The pipe is read whenever the host waits, and text beyond `output_bytes` is dropped: printing neither blocks a guest nor fills the
    host's memory.

    Parameters
    ----------
    link : socket
        The socket to the guest.
    output : int
        Descriptor of the pipe, for reading.
    bounds : wire.Bounds
        Limits of received frames.
    output_bytes : int
        How much printed text to keep.

    Attributes
    ----------
    cut : bool
        Whether printed text was dropped.
    cpu_left : callable
        Returns for how many seconds more the guest may use the processor: infinitely many, unless somebody sets this.
    """

    def __init__(self, link: socket.socket, output: int, bounds: wire.Bounds, output_bytes: int) -> None:
        link.setblocking(False)
        os.set_blocking(output, False)
        self._link, self._output, self._bounds, self._room = link, output, bounds.received, output_bytes
        self._poll = select.poll()
        self._poll.register(output, select.POLLIN)
        self._printed: list[bytes] = []
        self._received = bytearray()
        self.cut = False
        self.cpu_left: Callable[[], float] = lambda: math.inf

    def send(self, frame: bytes, deadline: float) -> None:
        """Send a frame.

        Raises
        ------
        Timeout, Closed
        """
        view = memoryview(frame)
        while view:
            try:
                view = view[self._link.send(view) :]
            except BlockingIOError:
                self._wait(select.POLLOUT, deadline)
            except OSError:
                raise Closed from None

    def receive(self, deadline: float) -> wire.Frame:
        """Return the next frame. After a `Timeout` it can be called again: what has arrived of a frame is kept.

        Raises
        ------
        Timeout, Closed
            `CpuTimeout` if the processor time is used up.
        wire.WireError
            If its header is malformed, or announces too large a frame.
        """
        if time.monotonic() > deadline:  # also where data is always available
            raise Timeout
        parts: list[bytearray] = []
        try:
            parts.append(self._read(wire.HEADER.size, deadline))
            kind, structure, data = wire.frame_lengths(parts[0], self._bounds)
            parts.append(self._read(structure, deadline))
            return wire.Frame(kind, parts[1], self._read(data, deadline))
        except Timeout:
            self._received[:0] = b"".join(parts)
            raise

    def take_printed(self) -> bytes:
        """Return the text that was printed since the last call."""
        self._drain()
        text = b"".join(self._printed)
        self._printed.clear()
        return text

    def close(self) -> None:
        """Read the rest of the printed text, and close socket and pipe; `take_printed` still works."""
        if self._output >= 0:
            self._drain()
            self._link.close()
            os.close(self._output)
            self._output = -1

    def _read(self, length: int, deadline: float) -> bytearray:
        """Return the next `length` received bytes; wait until there are as many."""
        taken = self._received[:length]
        del self._received[:length]
        try:
            while len(taken) < length:  # memory grows with the bytes that arrive, not with the announced length
                try:
                    part = self._link.recv(CHUNK)
                except BlockingIOError:
                    self._wait(select.POLLIN, deadline)
                    continue
                except OSError:
                    raise Closed from None
                if not part:
                    raise Closed
                missing = length - len(taken)
                taken += part[:missing]
                self._received += part[missing:]
                if time.monotonic() > deadline:
                    raise Timeout
        except Timeout:
            self._received[:0] = taken
            raise
        return taken

    def _wait(self, event: int, deadline: float) -> None:
        """Wait until the socket is ready; read the pipe meanwhile."""
        self._poll.register(self._link, event)
        while True:
            now = time.monotonic()
            if now >= deadline:
                raise Timeout
            cpu_left = self.cpu_left()
            if cpu_left <= 0:
                raise CpuTimeout
            ready = dict(self._poll.poll(min(deadline - now, max(cpu_left, CPU_STEP)) * 1000))
            if self._output in ready and not self._drain():
                self._poll.unregister(self._output)  # closed by the guest: poll would report it for ever
            if self._link.fileno() in ready:
                return

    def _drain(self) -> bool:
        """Read the pipe (at most `DRAIN_READS` times), and return False once the guest has closed it."""
        if self._output < 0:
            return False
        for _ in range(DRAIN_READS):
            try:
                part = os.read(self._output, 1 << 16)
            except BlockingIOError:
                return True
            if not part:
                return False
            kept = part[: self._room]
            self._printed.append(kept)
            self._room -= len(kept)
            self.cut |= len(kept) < len(part)
        return True
