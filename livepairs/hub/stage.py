"""Who steers a run: everybody, or whoever presents it; and what they look at, so that others can follow."""

from __future__ import annotations

import secrets
import threading
from dataclasses import dataclass

__all__ = ["Scene", "Stage"]


@dataclass(frozen=True, slots=True)
class Scene:
    """What the presenter looks at.

    Parameters
    ----------
    page
        Name of the page.
    pair
        The pair shown, as text.
    zoom_ms
        From where to where the charts go; None while they follow the newest bar.
    width_ms
        How much time they show while they follow; None where there are none, or they show all there is.
    """

    page: str
    pair: str
    zoom_ms: tuple[float, float] | None = None
    width_ms: float | None = None


class Stage:
    """One run's. Thread-safe.

    While nobody presents, whoever watches may steer, as far as the server allows it. A presentation has a token that
    cannot be guessed; whoever shows it holds the control link.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._token: str | None = None
        self._owner = ""
        self._scene: Scene | None = None
        self._holders = 0

    @property
    def is_open(self) -> bool:
        """Whether somebody presents."""
        return self._token is not None

    @property
    def is_deserted(self) -> bool:
        """Whether somebody presents, and none of their pages is open any more."""
        return self._token is not None and self._holders == 0

    @property
    def scene(self) -> Scene | None:
        """What the presenter looks at; None while nobody presents."""
        return self._scene

    @property
    def owner(self) -> str:
        """The key of the visitor who opened the run; empty where that is not known."""
        return self._owner

    def claim(self, key: str) -> None:
        """Note who opened the run; the first one stays."""
        with self._lock:
            self._owner = self._owner or key

    def open(self, scene: Scene) -> str:
        """Begin to present, or take over, from one page; return the token, which no earlier one is worth any more."""
        with self._lock:
            self._holders = 1
            self._token, self._scene = secrets.token_urlsafe(24), scene
            return self._token

    def close(self) -> None:
        """End the presentation; everybody may steer again."""
        with self._lock:
            self._token = self._scene = None

    def is_held_by(self, token: str) -> bool:
        """Say whether that is the token of the presentation."""
        held = self._token
        return held is not None and secrets.compare_digest(held.encode(), token.encode())

    def enter(self, token: str) -> bool:
        """Count a page that has the token, and return whether it has."""
        return self._count(token, 1)

    def leave(self, token: str) -> bool:
        """Count such a page no longer."""
        return self._count(token, -1)

    def _count(self, token: str, pages: int) -> bool:
        with self._lock:
            if not self.is_held_by(token):
                return False
            self._holders = max(0, self._holders + pages)
            return True

    def show(self, token: str, scene: Scene) -> bool:
        """Note what the presenter looks at; return whether that is news, and false for anybody else."""
        with self._lock:
            if not self.is_held_by(token) or scene == self._scene:
                return False
            self._scene = scene
            return True
