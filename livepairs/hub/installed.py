"""The one hub of a process: pages find it here, whoever made it."""

from __future__ import annotations

import atexit
import threading

from livepairs.config import Settings, load_settings
from livepairs.errors import ConfigError
from livepairs.hub.registry import Hub

__all__ = ["get_hub", "is_hub_started", "start_hub", "stop_hub"]

_installed: list[Hub] = []
_install_lock = threading.Lock()


def get_hub() -> Hub:
    """Return the process-wide hub; the first call makes it, from the environment and ``livepairs.toml``.

    Raises
    ------
    ConfigError, RecordingError
        If a setting is wrong or the source cannot be opened.
    """
    with _install_lock:
        return _installed[0] if _installed else _install(load_settings())


def is_hub_started() -> bool:
    """Say whether there is a process-wide hub; asking makes none."""
    return bool(_installed)


def start_hub(settings: Settings) -> Hub:
    """Make the process-wide hub from these settings, before anything asks for it.

    Raises
    ------
    ConfigError
        If there is one already, or as for ``Hub``.
    """
    with _install_lock:
        if _installed:
            raise ConfigError("this process serves a source already; stop it before it serves another")
        return _install(settings)


def stop_hub() -> None:
    """Close the process-wide hub, if there is one; the next call that needs one makes it anew."""
    with _install_lock:
        hubs = tuple(_installed)
        _installed.clear()
    atexit.unregister(stop_hub)
    for hub in hubs:
        hub.close()


def _install(settings: Settings) -> Hub:
    _installed.append(Hub(settings))
    atexit.register(stop_hub)
    return _installed[0]
