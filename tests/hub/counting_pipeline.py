"""A pipeline that keeps what it was given, so that a run's own behaviour is seen without any statistics."""

from __future__ import annotations

import threading
from collections.abc import Callable
from types import SimpleNamespace

from livepairs.schema import BARS, EVENTS, Chunk
from livepairs.tables.ring import Table

WAIT_S = 10.0


class CountingPipeline:
    warmup_bars = 5
    fails_after: int | None = None

    def __init__(self, symbols: tuple[str, ...] = (), params: object = None) -> None:
        self.symbols = symbols
        self.params = params
        self.tables = SimpleNamespace(bars=Table(BARS, limit_rows=10), events=Table(EVENTS, limit_rows=10))
        self.status = SimpleNamespace(now_us=0)
        self.trade_count = 0
        self.calls: list[str] = []
        self.threads: set[str] = set()
        self._news = threading.Condition()
        self.bars = SimpleNamespace(seed=self._seed)

    def update(self, chunk: Chunk) -> None:
        self.threads.add(threading.current_thread().name)
        if self.fails_after is not None and self.trade_count >= self.fails_after:
            raise ZeroDivisionError("a bug")
        with self._news:
            self.trade_count += chunk.trades.num_rows
            self.status = SimpleNamespace(now_us=chunk.now_us)
            self._news.notify_all()

    def _note(self, call: str) -> None:
        with self._news:
            self.calls.append(call)
            self._news.notify_all()

    def reset(self) -> None:
        self.trade_count = 0
        self._note("reset")

    def _seed(self, symbol: str, bar_us: int, close: float) -> None:
        self._note(f"seed {symbol} {close:g}")

    def finish(self) -> None:
        self._note("finish")

    def close(self) -> None:
        self._note("close")

    def give_way(self, is_so: Callable[[], bool]) -> None:
        """Let the run's thread have a turn, and return as soon as it has done what is waited for."""
        with self._news:
            self._news.wait_for(is_so, 0.001)

    def wait_until(self, is_so: Callable[[], bool]) -> None:
        """Wait for what the run's thread is about to do; fail rather than wait for ever."""
        with self._news:
            assert self._news.wait_for(is_so, WAIT_S), f"it never came to it; calls were {self.calls}"
