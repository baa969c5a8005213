"""What Bokeh tells when something goes wrong: a browser nothing of this machine, the log nothing of a closed page.

Bokeh answers a message that it cannot handle with the traceback, which names the folders of this machine, and logs all
that was in it, which may be a secret or megabytes. And a page whose session went first, as when the server stops with
pages open or the page was closed while messages of it waited, fails an assertion of Bokeh's.
"""

from __future__ import annotations

import logging
from typing import Any, Final

from bokeh.core.types import ID
from bokeh.protocol.messages.error import Error, error

__all__ = ["be_discreet"]

ANSWER: Final = "The server could not make anything of that message; its log says why."

_HANDLING: Final = "bokeh.server.protocol_handler"


def be_discreet() -> None:
    """Have all servers of this process say no more than they must; once or often."""
    error.create = classmethod(_create)  # type: ignore[arg-type]
    for name in ("tornado.application", _HANDLING):
        logger = logging.getLogger(name)
        if _of_an_open_page not in logger.filters:
            logger.addFilter(_of_an_open_page)


def _create(kind: type[error], request_id: ID, _text: str, **metadata: Any) -> error:  # as Bokeh's own
    return kind(kind.create_header(request_id=request_id), metadata, Error(text=ANSWER, traceback=None))


def _of_an_open_page(record: logging.LogRecord) -> bool:
    """Say whether a record is of anything else than a page that was closed; leave out what the browser sent."""
    failure = record.exc_info[1] if record.exc_info else None
    if record.name == _HANDLING and failure is not None:
        record.msg, record.args = "a message from a browser could not be handled: %s", (type(failure).__name__,)
    place = failure.__traceback__ if isinstance(failure, AssertionError) else None
    while place is not None and place.tb_next is not None:
        place = place.tb_next
    return place is None or place.tb_frame.f_globals.get("__name__") != "bokeh.server.connection"
