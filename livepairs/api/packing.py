"""Answers as gzip, for whoever takes it: ten thousand rows are a fifth of their size."""

from __future__ import annotations

import gzip
from dataclasses import replace
from typing import Final

from livepairs.api.accepting import choose
from livepairs.api.messages import Answer

__all__ = ["packed"]

LEAST_BYTES: Final = 1024
"""Below this it does not pay."""

LEVEL: Final = 1
"""The quickest; higher ones take several times as long for a tenth less."""


def packed(answer: Answer, accept_encoding: str) -> Answer:
    """Return an answer as gzip, if ``Accept-Encoding`` takes that and it pays; rows that are followed stay as they are.

    It takes a while, so it is not for the server's loop.
    """
    if not isinstance(answer.body, bytes) or len(answer.body) < LEAST_BYTES:
        return answer
    vary = ", ".join(filter(None, (answer.headers.get("Vary"), "Accept-Encoding")))
    headers = {**answer.headers, "Vary": vary}
    if not accept_encoding or choose(accept_encoding, ("gzip",)) is None:
        return replace(answer, headers=headers)
    # The same rows are the same bytes, for the ETag: so no time of day goes in.
    body = gzip.compress(answer.body, LEVEL, mtime=0)
    return replace(answer, body=body, headers={**headers, "Content-Encoding": "gzip"})
