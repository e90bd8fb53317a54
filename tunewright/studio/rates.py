"""How much may be asked of the studio: per minute, at once, and in one body, for each kind of request.

In: a request's method and path, and who asks. Out: its `Kind`; from `Rates` and `Crowd` whether there is room for one
more. What is remembered of those who ask is bounded, and forgotten when the studio ends. This file answers nobody.
"""

from __future__ import annotations

import math
import re
import time
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address, ip_network

MEGABYTE = 2**20
MOST_CLIENTS = 20_000  # that are remembered; who asked longest ago is forgotten first
ROUNDING = 1e-6  # seconds
TOGETHER = 10  # browsers of one address that may ask as much as they can: a class behind one router


@dataclass(frozen=True, slots=True)
class Kind:
    """What may be asked of one kind by one browser, and `TOGETHER` times as much by one address."""

    name: str
    per_minute: float
    burst: int  # how many at once after a pause
    at_once: int  # that are being answered
    largest: int = 2 * MEGABYTE  # bytes of a body; a tune as long as may be read has one megabyte
    seconds: float = 30.0  # in which a body has to be there


READING = Kind("reading", 1200, 300, 40)
FILES = Kind("files", 3000, 600, 60)
DRAWING = Kind("drawing", 240, 60, 6)
FOLLOWING = Kind("following", 120, 30, 6)
RENDERING = Kind("rendering", 600, 150, 16)
UPLOADING = Kind("uploading", 60, 20, 2, 80 * MEGABYTE, 300.0)
ANSWERING = Kind("answering", 600, 150, 16)
KINDS = (READING, FILES, DRAWING, FOLLOWING, RENDERING, UPLOADING, ANSWERING)

_KINDS: Sequence[tuple[str, re.Pattern[str], Kind]] = [
    (method, re.compile(path), kind)
    for method, path, kind in (
        ("GET", r"/static/", FILES),
        ("", r"/(api/)?h/", ANSWERING),
        ("POST", r"/api/tunes/?$", DRAWING),
        ("POST", r"/api/trainings/[^/]+/tune$", DRAWING),
        ("GET", r"/api/.*/events$", FOLLOWING),
        ("POST", r"/api/(scores|sounds|reports)$", RENDERING),
        ("POST", r"/api/tunes/(edited$|[^/]+/transposed$)", RENDERING),
        ("GET", r"/api/tunes/[^/]+/(score|certificate|sound\.|file\.)", RENDERING),
        ("GET", r"/api/collections/[^/]+/scores$", RENDERING),
        ("POST", r"/api/collections", UPLOADING),
        ("POST", r"/api/tests(/|$)", UPLOADING),
    )
]


def kind_of(method: str, path: str) -> Kind:
    """The kind of a request; `READING` where no other is meant."""
    for wanted, pattern, kind in _KINDS:
        if wanted in ("", method) and pattern.match(path):
            return kind
    return READING


def address_of(client: tuple[str, int] | None) -> str:
    """Whom an address stands for: of IPv6 the network that one household or one machine has."""
    host = client[0] if client else ""
    try:
        address = ip_address(host.partition("%")[0])
    except ValueError:
        return host
    if not isinstance(address, IPv6Address):
        return host
    return str(address.ipv4_mapped or ip_network((address, 64), strict=False))


class Rates:
    """Buckets of tokens: each client's fills as time passes, and each request takes one out of it."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """`clock` gives seconds."""
        self._clock = clock
        self._full: OrderedDict[tuple[str, str], float] = OrderedDict()  # the moment at which a bucket is full again

    def wait(self, client: str, kind: Kind, times: int = 1) -> int:
        """Seconds until a client may ask again; 0 where it may now, which is then counted.

        `times` is how much more than one browser this client may ask.
        """
        now = self._clock()
        each = 60 / (kind.per_minute * times)  # seconds in which one comes back
        key = (client, kind.name)
        full = max(self._full.pop(key, now), now)
        lacking = full + each - now - kind.burst * times * each
        self._full[key] = full if lacking > ROUNDING else full + each
        while len(self._full) > MOST_CLIENTS:
            self._full.popitem(last=False)
        return math.ceil(lacking) if lacking > ROUNDING else 0


class Crowd:
    """How many requests of each client are being answered now."""

    def __init__(self) -> None:
        self._inside: Counter[tuple[str, str]] = Counter()

    def has_room(self, client: str, kind: Kind, times: int = 1) -> bool:
        """Whether one more of the kind may be answered."""
        return self._inside[client, kind.name] < kind.at_once * times

    @contextmanager
    def inside(self, clients: Sequence[str], kind: Kind) -> Iterator[None]:
        """While this lasts, one more is counted for each of these."""
        keys = [(client, kind.name) for client in clients]
        self._inside.update(keys)
        try:
            yield
        finally:
            self._inside.subtract(keys)
            for key in keys:
                if self._inside[key] <= 0:
                    del self._inside[key]
