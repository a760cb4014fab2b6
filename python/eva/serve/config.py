"""What a daemon is started with."""

from __future__ import annotations

import ipaddress
import os
import re
from dataclasses import dataclass
from pathlib import Path

from eva.protocol import MAX_DEADLINE_MS

MAX_THREADS = 8
"""More threads than this make a small model slower, not faster."""


class ConfigError(ValueError):
    """A setting that cannot be; the message names it, its value and what it may be."""


@dataclass(frozen=True, slots=True)
class ServeConfig:
    """The daemon's settings, checked. Raises `ConfigError`.

    - `connection_file`: where clients find the daemon.
    - `model`: an embedded model's name, a checkpoint directory, or a hub name.
    - `bind`: `tcp://host:port`, the port `*` for a free one. The host is an IP address (or `localhost`).
    - `curve`: encrypt and authenticate with CURVE instead of the token; needed beyond loopback.
    - `threads`: torch threads for one operation; `None` for as many as there are cores, up to `MAX_THREADS`.
    - `queue`: how many steps may wait; a request that does not fit is answered with `busy`.
    - `batch`: how many steps go through the model together.
    - `cache_mb`: MiB of memory for what the model has read before; 0: remember nothing.
    - `drain_s`: seconds that accepted requests get when the daemon is told to stop; the default is as long as
      any request's own deadline.
    - `log_level`: `debug`, `info`, `warning` or `error`.
    """

    connection_file: Path
    model: str = "leibniz-nano"
    bind: str = "tcp://127.0.0.1:*"
    curve: bool = False
    threads: int | None = None
    queue: int = 4096
    batch: int = 16
    cache_mb: int = 256
    drain_s: float = MAX_DEADLINE_MS / 1000
    log_level: str = "info"

    def __post_init__(self) -> None:
        for name in ("queue", "batch"):
            if getattr(self, name) < 1:
                raise ConfigError(f"{name} must be at least 1, not {getattr(self, name)}")
        if self.cache_mb < 0:
            raise ConfigError(f"cache_mb must be at least 0, not {self.cache_mb}")
        if self.threads is not None and self.threads < 1:
            raise ConfigError(f"threads must be at least 1, not {self.threads}")
        if not 0.0 <= self.drain_s <= 3600.0:
            raise ConfigError(f"drain_s must be from 0 to 3600 seconds, not {self.drain_s}")
        if self.log_level not in ("debug", "info", "warning", "error"):
            raise ConfigError(f"log_level must be debug, info, warning or error, not {self.log_level!r}")
        host, _ = split_address(self.bind)
        if not self.curve and not host.is_loopback:
            raise ConfigError(
                f"{self.bind} can be reached from other machines: add --curve, or bind to 127.0.0.1"
            )


def split_address(address: str) -> tuple[ipaddress.IPv4Address | ipaddress.IPv6Address, str]:
    """Host and port (`*`: a free one) of `tcp://host:port`. Raises `ConfigError`."""
    match = re.fullmatch(
        r"tcp://(?:\[(?P<six>[^\]]+)\]|(?P<four>[^:\[\]]+)):(?P<port>\*|[0-9]{1,5})", address
    )
    if match is None or (match["port"] != "*" and not 0 < int(match["port"]) < 65536):
        raise ConfigError(f"bind must be tcp://ADDRESS:PORT (PORT may be *), not {address!r}")
    host = match["six"] or match["four"]
    if host in ("localhost", "*"):
        host = {"localhost": "127.0.0.1", "*": "0.0.0.0"}[host]
    try:
        return ipaddress.ip_address(host), match["port"]
    except ValueError:
        raise ConfigError(f"bind must name an IP address (or localhost), not {host!r}") from None


def default_threads() -> int:
    """The cores that this process may use, at most `MAX_THREADS`."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min(cores, MAX_THREADS))
