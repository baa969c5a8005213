"""Who is let in: the weight of requests in a minute, attempts to connect, and refusals on demand.

Weights are counted per minute of the venue's UTC clock, refused requests included. Whoever goes on after HTTP 429 is
banned (418), each time for longer.
"""

from __future__ import annotations

import json
import math
from collections import deque
from dataclasses import dataclass, field
from typing import Final, Literal

from livepairs.venue.rules import Rules

__all__ = ["Answered", "Gate", "Refusal", "refused"]

Scope = Literal["handshake", "rest", "both"]

_MINUTE_US: Final = 60_000_000
_DEFIANCE: Final = 10
"""Requests after the first refusal in a minute until the address is banned."""

_LONGEST_BAN_S: Final = 3 * 86_400
_WAF_PAGE: Final = "<html>\r\n<head><title>403 Forbidden</title></head>\r\n<body>403 Forbidden</body>\r\n</html>\r\n"


@dataclass(frozen=True, slots=True)
class Answered:
    """An HTTP answer: status, body, and headers beside the usual ones."""

    status: int
    body: str
    headers: dict[str, str] = field(default_factory=dict)
    is_json: bool = True


@dataclass(slots=True)
class Refusal:
    """A refusal on demand: of how many more requests (``left``), and until when on the machine's clock."""

    scope: Scope
    status: int
    retry_after_s: int | None = None
    left: float = math.inf
    until_us: float = math.inf


def refused(status: int, *, retry_after_s: int | None = None, now_us: int = 0) -> Answered:
    """Return what the venue says with a status that is not a success.

    Parameters
    ----------
    now_us
        The venue's time, for the sentence that names the end of a ban.
    """
    headers = {} if retry_after_s is None else {"Retry-After": str(retry_after_s)}
    if status == 403:
        return Answered(status, _WAF_PAGE, headers, is_json=False)
    until_ms = now_us // 1_000 + (retry_after_s or 0) * 1_000
    code, message = {
        418: (
            -1003,
            f"Way too many requests; IP banned until {until_ms}. Please use the websocket for live updates "
            "to avoid bans.",
        ),
        429: (-1003, "Too many requests; please use the websocket for live updates to avoid polling the API."),
        451: (0, "Service unavailable from a restricted location according to 'b. Eligibility' in the terms of use."),
        503: (-1, "Service Unavailable."),
    }.get(status, (-1000, "An unknown error occurred while processing the request."))
    return Answered(status, json.dumps({"code": code, "msg": message}, separators=(",", ":")), headers)


class Gate:
    """Counts what one address does; every client of a local venue is the same one.

    Parameters
    ----------
    rules
        The limits.
    """

    def __init__(self, rules: Rules) -> None:
        self._rules = rules
        self._refusals: list[Refusal] = []
        self._attempts: deque[int] = deque()
        self._funding: deque[int] = deque()
        self._minute, self._defiance, self._banned_until_us, self._ban_s = -1, 0, 0, 60
        self.used_weight = 0

    def refuse(self, refusal: Refusal) -> None:
        """Refuse from now on, as told."""
        self._refusals.append(refusal)

    def handshake(self, now_us: int, venue_us: int) -> Answered | None:
        """Return the refusal of an attempt to connect; None if it is let in.

        Parameters
        ----------
        now_us, venue_us
            The machine's time and the venue's.
        """
        if answer := self._told("handshake", now_us, venue_us):
            return answer
        wait_s = _counted(self._attempts, now_us, self._rules.attempts, self._rules.attempts_within_us)
        return refused(429, retry_after_s=wait_s, now_us=venue_us) if wait_s else None

    def funding(self, now_us: int, venue_us: int) -> Answered | None:
        """Return the refusal of a request about funding, which has no weight; None if it may be answered."""
        if answer := self._told("rest", now_us, venue_us):
            return answer
        wait_s = _counted(self._funding, now_us, self._rules.funding_requests, self._rules.funding_within_us)
        return refused(429, retry_after_s=wait_s, now_us=venue_us) if wait_s else None

    def request(self, weight: int, now_us: int, venue_us: int) -> Answered | None:
        """Return the refusal of a REST request; None if it may be answered. Its weight counts either way."""
        self._turn_minute(venue_us)
        self.used_weight += weight
        if answer := self._told("rest", now_us, venue_us):
            return answer
        if venue_us < self._banned_until_us:
            left_s = math.ceil((self._banned_until_us - venue_us) / 1e6)
            return refused(418, retry_after_s=left_s, now_us=venue_us)
        if self.used_weight <= self._rules.weight_per_minute:
            return None
        self._defiance += 1
        if self._defiance > _DEFIANCE:
            self._ban_s = min(self._ban_s * 2, _LONGEST_BAN_S)
            self._banned_until_us = venue_us + self._ban_s * 1_000_000
            return refused(418, retry_after_s=self._ban_s, now_us=venue_us)
        return refused(429, retry_after_s=math.ceil((_MINUTE_US - venue_us % _MINUTE_US) / 1e6), now_us=venue_us)

    def _turn_minute(self, venue_us: int) -> None:
        if venue_us // _MINUTE_US != self._minute:
            self._minute, self._defiance, self.used_weight = venue_us // _MINUTE_US, 0, 0

    def _told(self, scope: Scope, now_us: int, venue_us: int) -> Answered | None:
        self._refusals = [told for told in self._refusals if told.left > 0 and now_us < told.until_us]
        for told in self._refusals:
            if told.scope in (scope, "both"):
                told.left -= 1
                return refused(told.status, retry_after_s=told.retry_after_s, now_us=venue_us)
        return None


def _counted(times: deque[int], now_us: int, most: int, within_us: int) -> int:
    """Count one more, and return 0; or the seconds until there may be one more, where there were too many."""
    while times and times[0] <= now_us - within_us:
        times.popleft()
    if len(times) >= most:
        return math.ceil((times[0] + within_us - now_us) / 1e6)
    times.append(now_us)
    return 0
