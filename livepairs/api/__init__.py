"""Results beside the pages, for programs: recordings, runs, closed rows and events under ``/api/v1``.

One table of endpoints (``endpoints``) says what there is; the answers, the OpenAPI document, the page for people and
the tests are all made from it. An ``Api`` turns a ``Request`` into an ``Answer`` and knows no web server;
``tornado_door`` carries both for the server of the pages, ``asgi_door`` for a host that serves them itself. Rows leave
as JSON, CSV or Arrow by the ``Accept`` header, or as server-sent events while they close.

The room only reads. It makes no session and no run, and waits on no lock of a feed: rows come from ``tables`` by
cursor, and what takes milliseconds is done on a thread.
"""
