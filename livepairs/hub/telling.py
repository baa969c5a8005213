"""From the settings to a chronicle and a post office: where history is kept, how much of it, and who is told."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final

from livepairs.clock import Clock
from livepairs.config import Settings
from livepairs.delivery.address import Addresses
from livepairs.delivery.postoffice import PostOffice
from livepairs.hub.chronicle import Chronicle
from livepairs.hub.speaker import Speaker
from livepairs.stores.history_rows import Keep

if TYPE_CHECKING:
    import pyarrow as pa

    from livepairs.alerts.rule import RuleSet
    from livepairs.delivery import Transport
    from livepairs.delivery.postman import Postman
    from livepairs.stores.history import History

__all__ = ["channels_told", "history_url", "open_chronicle", "open_post_office"]

FILE_NAME: Final = "history.db"
DAY_US: Final = 86_400_000_000


def history_url(settings: Settings) -> str:
    """Return the URL of the database of events: the one named, else a file beside the recordings."""
    if settings.database_url is not None:
        return settings.database_url
    # Here and not above: the database's libraries take a while, and no page waits for them.
    from livepairs.stores.database import sqlite_url

    return sqlite_url(Path(settings.recordings) / FILE_NAME)


def open_chronicle(settings: Settings, clock: Clock, *, on_told: Callable[[], None] = lambda: None) -> Chronicle:
    """Return what writes history; the database is asked nothing before the first event.

    Raises
    ------
    ConfigError
        If a database is named that cannot be used.
    """

    def open_history() -> History:
        from livepairs.stores.history import History

        return History(history_url(settings))

    def addressed(run: Speaker, batch: pa.RecordBatch) -> Mapping[str, tuple[str, ...]]:
        is_told = run.kind == "live" or settings.deliver_replays
        return channels_told(run.params.rules_in_force, batch, clock.now_us()) if is_told else {}

    if settings.database_url is not None:
        open_history().close()
    keep = Keep(age_us=int(settings.history_days * DAY_US), rows=settings.history_rows)
    return Chronicle(open_history, clock, keep=keep, addressed=addressed, on_told=on_told)


def channels_told(rules: RuleSet, batch: pa.RecordBatch, now_us: int) -> dict[str, tuple[str, ...]]:
    """Return which channels are told of which events, by event id: those of the event's rule, unless it is quiet."""
    said = set(batch.column("rule").to_pylist())
    notify = {
        rule.name: rule.notify
        for rule in rules.rules
        if rule.notify and rule.name in said and not rule.is_quiet(now_us, rules.zone)
    }
    if not notify:
        return {}
    events = zip(batch.column("id").to_pylist(), batch.column("rule").to_pylist(), strict=True)
    return {event: notify[rule] for event, rule in events if rule in notify}


def open_post_office(
    settings: Settings, clock: Clock, *, history: Callable[[], History], rules: Callable[[], RuleSet]
) -> PostOffice:
    """Return what delivers; it begins with the first event that is to be told, or at once if there is an address.

    Parameters
    ----------
    settings
        Name the file of addresses.
    clock
        Paces it.
    history
        Gives the history whose outbox it empties.
    rules
        Gives the rules in force.

    Raises
    ------
    ConfigError
        If the file of addresses cannot be used.
    """
    addresses = Addresses(None if settings.channels is None else Path(settings.channels))

    def open_transport(channel: str) -> Transport:
        # Here and not above: a server that tells nobody needs neither.
        from livepairs.delivery.services import Service
        from livepairs.delivery.webhook import Webhook

        address = addresses.find(channel)
        return Webhook(address) if address.is_webhook else Service(address)

    def employ() -> Postman:
        from livepairs.delivery.postman import Postman
        from livepairs.stores.outbox import Outbox

        return Postman(Outbox(history().database), clock, rules=rules, open_transport=open_transport)

    async def send_trial(channel: str) -> None:
        from livepairs.delivery.trial import send_trial

        await send_trial(channel, open_transport, now_us=clock.now_us())

    office = PostOffice(employ, describe=lambda channel: addresses.find(channel).shown, send_trial=send_trial)
    if not addresses.is_empty:
        office.wake()  # the last server may have left something
    return office
