"""A million events in history: a page of those that a filter leaves, the total counted, whatever is asked for."""

from __future__ import annotations

import atexit
import shutil
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import fields
from typing import TYPE_CHECKING

from benchmarks.contest import AbsentError, Contender, Contest, Goal, Outcome, Scale

if TYPE_CHECKING:
    from livepairs.stores.history import History
    from livepairs.stores.history_rows import Wanted

UNIT = "ms, the slowest filter"
ALL = "ms, no filter"
COUNTED = "ms, counts over time"
ADDED = "ms, 1,000 new events"
EVENTS, FEW = 1_000_000, 20_000
PAIRS, RULES = 100, 50
START_US, STEP_US = 1_764_000_000_000_000, 600_000


def on_sqlite(scale: Scale) -> Callable[[], Outcome]:
    """`History.page` on SQLite in a file."""
    folder = tempfile.mkdtemp(prefix="livepairs-benchmark-")
    stack = ExitStack()
    atexit.register(stack.close)
    stack.callback(shutil.rmtree, folder)
    return asked(f"sqlite:///{folder}/history.db", scale, stack)


def on_postgresql(scale: Scale) -> Callable[[], Outcome]:
    """`History.page` on a PostgreSQL of our own, with its settings as they come."""
    from tests import postgres

    if postgres.find() is None:
        raise AbsentError("there is no PostgreSQL here")
    stack = ExitStack()
    atexit.register(stack.close)
    return asked(stack.enter_context(postgres.server()), scale, stack)


def asked(url: str, scale: Scale, stack: ExitStack) -> Callable[[], Outcome]:
    """Fill a history, and return what asks it one thing after the other."""
    from livepairs.stores.history import History
    from livepairs.stores.history_rows import Wanted

    history = History(url)
    stack.callback(history.close)
    rows = FEW if scale.is_quick else EVENTS
    fill(history, rows)
    if not history.database.is_sqlite:
        settle(url)
    filters = questions(rows)
    turns = iter(range(1, 1_000_000))

    def turn() -> Outcome:
        took = {name: timed(lambda wanted=wanted: history.page(wanted)) for name, wanted in filters.items()}
        slowest = max(took.values())
        counted = timed(lambda: history.counts(Wanted(), bins=60))
        added = timed(lambda: add_events(history, next(turns)))
        return Outcome(slowest, figures={ALL: took["nothing"], COUNTED: counted, ADDED: added})

    return turn


def questions(rows: int) -> dict[str, Wanted]:
    """Return filters that leave nearly all, some and none; each of them by itself, and together."""
    from livepairs.stores.history_rows import Wanted

    hour_us = START_US + rows * STEP_US // 2
    asked = {
        "nothing": Wanted(),
        "a pair": Wanted(pair="S7USDT/BTCUSDT"),
        "a rule": Wanted(rule="rule 3"),
        "a level": Wanted(level="critical"),
        "a kind": Wanted(kind="cleared"),
        "an hour": Wanted(start_us=hour_us, end_us=hour_us + 3_600_000_000),
        "acknowledged": Wanted(is_acknowledged=True),
        "open": Wanted(is_acknowledged=False),
        "a pair and a rule": Wanted(pair="S7USDT/BTCUSDT", rule="rule 3"),
        "a rule and a level": Wanted(rule="rule 3", level="critical"),
        "a text": Wanted(text="beyond"),
        "a text that nothing says": Wanted(text="nothing says this"),
        "of replays, of which there are none": Wanted(run_kind="replay"),
    }
    assert {name for wanted in asked.values() for name in given(wanted)} == {field.name for field in fields(Wanted)}
    return asked


def given(wanted: Wanted) -> list[str]:
    """Return the names of what is asked for."""
    return [field.name for field in fields(wanted) if getattr(wanted, field.name) is not None]


def timed(work: Callable[[], object]) -> float:
    """Return how many milliseconds it takes."""
    started = time.perf_counter()
    work()
    return (time.perf_counter() - started) * 1_000


def add_events(history: History, turn: int, count: int = 1_000) -> int:
    """Add so many events that are new, as a storm of alerts would."""
    from livepairs.alerts.event import Event, event_batch
    from livepairs.stores.history_rows import Origin

    named = [(f"rule {number % RULES}", f"S{number % PAIRS}USDT/BTCUSDT") for number in range(count)]
    said = [Event(START_US - turn, *names, "fired", "warning", 2.5, str(at)) for at, names in enumerate(named)]
    return history.add(event_batch(said), Origin(run_kind="live", source="benchmark"), now_us=0)


def fill(history: History, rows: int) -> None:
    """Let the database make the events itself: through Python it would take a minute."""
    from sqlalchemy import text

    add_events(history, 0, PAIRS)
    with history.database.connected() as connection:
        (origin,) = connection.exec_driver_sql("SELECT key FROM livepairs_origins").one()
        made = text(
            f"""
            INSERT INTO livepairs_events
                (id, ts_us, rule, subject, kind, level, run_kind, value, message, origin, stored_us, acknowledged_us)
            WITH RECURSIVE numbers(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM numbers WHERE i + 1 < {rows})
            SELECT CAST(1000000000000000 + (CAST(i AS BIGINT) * 7919) % 1000003 AS VARCHAR(16)),
                   {START_US} + CAST(i AS BIGINT) * {STEP_US}, rules.id, subjects.id,
                   CASE WHEN i % 2 = 0 THEN 'fired' ELSE 'cleared' END,
                   CASE WHEN i % 97 = 0 THEN 'critical' WHEN i % 5 = 0 THEN 'warning' ELSE 'info' END,
                   'live', 2.5, subjects.text || ' z is beyond ' || (i % 313), '{origin}', 0,
                   CASE WHEN i % 1009 = 0 THEN 1 END
            FROM numbers
            JOIN livepairs_names rules ON rules.text = 'rule ' || ((i * 13 / 7) % {RULES})
            JOIN livepairs_names subjects ON subjects.text = 'S' || ((i * 31 / 3) % {PAIRS}) || 'USDT/BTCUSDT'
            """
        )
        if not history.database.is_sqlite:
            connection.exec_driver_sql("SET LOCAL statement_timeout = 0")
        connection.execute(made)
        connection.exec_driver_sql("ANALYZE")


def settle(url: str) -> None:
    """Do what PostgreSQL does by itself within minutes of so many new rows; its indexes alone tell little before."""
    import psycopg

    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("VACUUM livepairs_events")


CONTEST = Contest(
    title="A page of history, of 1,000,000 events",
    unit=UNIT,
    contenders=(Contender("livepairs on SQLite", on_sqlite), Contender("livepairs on PostgreSQL", on_postgresql)),
    is_higher_better=False,
    goals=(Goal(UNIT, "<", 300.0),),
    notes="Thirteen filters, one after the other: 100 rows and the total up to 10,000; a text is looked for among the "
    "50,000 newest of what else is asked for. The file is in the system's cache.",
)
