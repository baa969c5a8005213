"""Answers a page before it is built: outline, scripts and token go out at once, and the page is made meanwhile.

What a page is made of reaches the browser over its websocket in any case. So nothing but the outline has to be there
when the address is answered, and the browser loads its scripts while the server builds the models.
"""

from __future__ import annotations

import asyncio
from functools import cache, partial
from typing import Any, ClassVar, Final
from urllib.parse import urlsplit

import panel as pn
import panel_material_ui as pmui
from bokeh.core.types import ID
from bokeh.server.session import ServerSession
from bokeh.server.urls import per_app_patterns
from bokeh.util.token import generate_jwt_token, generate_session_id
from panel.config import config
from panel.io.resources import LOCAL_DIST, Resources, patch_model_css
from panel.io.server import DocHandler, server_html_page_for_session
from panel.io.session import generate_session
from panel.io.state import set_curdoc, state
from tornado.httputil import HTTPServerRequest

from livepairs.views.frame.brand import ICON, card_of
from livepairs.views.frame.visit import is_dark
from livepairs.views.pages import found, titled
from livepairs.views.serving.door import nonce_of
from livepairs.views.serving.skeleton import TEMPLATE

__all__ = ["answer_promptly", "has_scripts"]

SCRIPTS_S: Final = 0.2
"""The browser asks for its scripts meanwhile: building a page keeps the loop, and so every file, for half a second."""


def answer_promptly() -> None:
    """Make servers created from now on in this process answer pages before they are built."""
    per_app_patterns[:] = [
        (pattern, _PromptHandler if handler is DocHandler else handler) for pattern, handler in per_app_patterns
    ]


class _PromptHandler(DocHandler):
    """Makes the session after the answer, under the id that the answer's token names."""

    async def get(self, *args: Any, **kwargs: Any) -> None:
        # Where Panel is told to ask who comes, it must: what it does then is in its own way of answering. Our own door
        # (views/serving/door.py) has asked before this handler is reached.
        if config.authorize_callback or config.reuse_sessions or self.current_user is None:
            await super().get(*args, **kwargs)
            return
        # No page may come from a cache: the token in it is good once, and soon too old.
        self.set_header("Cache-Control", "no-store")
        self.set_header("Content-Type", "text/html")
        app, payload = self.application, self._generate_token_payload()
        session_id = generate_session_id(secret_key=app.secret_key, signed=app.sign_sessions)
        token = generate_jwt_token(
            session_id, secret_key=app.secret_key, signed=app.sign_sessions, extra_payload=payload,
            expiration=app.session_token_expiration,
        )  # fmt: skip
        outline = generate_session(app, self.request, payload, initialize=False)
        with set_curdoc(outline.document):
            # The scripts in it are ours; the nonce tells the browser so (access/headers.py).
            self.write(self._outlined(outline, token).replace("<script", f'<script nonce="{nonce_of(self)}"'))
        wait_s = 0.0 if has_scripts(self.request) else SCRIPTS_S
        state.execute(partial(self._build, session_id, token, wait_s))

    async def _build(self, session_id: ID, token: str, wait_s: float) -> None:
        await asyncio.sleep(wait_s)
        session = await self.application_context.create_session_if_needed(session_id, self.request, token)
        with set_curdoc(session.document):
            dist_url = f"{state.rel_path}/{LOCAL_DIST}" if state.rel_path else LOCAL_DIST
            # As Panel does while it answers: or the browser would ask another host for the styles of its models, those
            # that change later included.
            session.document._template_variables["dist_url"] = dist_url
            for root in session.document.roots:
                patch_model_css(root, dist_url=dist_url)

    def _outlined(self, outline: ServerSession, token: str) -> str:
        name = self.request.path.rpartition("/")[2]
        pn.extension(*found()[name].EXTENSIONS)
        config.theme = "dark" if is_dark() else "default"
        title = titled(found()[name])
        bare, variables = _bare(title), outline.document.template_variables
        bare._populate_template_variables(variables)
        variables.update(card_of(self.request), bundle=pmui.Page._render_esm(server=True))
        html: str = server_html_page_for_session(
            outline,
            _Resources.from_bokeh(self.application.resources()),
            title,
            token=token,
            template=bare._template,
            template_variables=variables,
        )
        return html


def has_scripts(request: HTTPServerRequest) -> bool:
    """Return whether the browser comes from another page of ours, whose scripts it has kept."""
    came_from = urlsplit(request.headers.get("Referer", ""))
    return came_from.netloc == request.host and came_from.path.rpartition("/")[2] in found()


class _Resources(Resources):
    """What a page loads; its style sheets are looked for once, where Panel asks the disk for 1,500 files each time."""

    _sheets: ClassVar[dict[tuple[str, ...], list[str]]] = {}

    @property
    def css_files(self) -> list[str]:
        """The addresses of the style sheets: those of the page's extensions, from where the page is."""
        of = (" ".join(sorted(state._extensions or ())), state.base_url, state.rel_path, config.theme, self.root_url)
        if of not in self._sheets:
            self._sheets[of] = super().css_files
        return [*self._sheets[of]]


@cache
def _bare(title: str) -> pmui.Page:
    """Return a page with nothing in it; what it adds to the HTML is what every page of that title adds."""
    return pmui.Page(meta_title=title, favicon=ICON, template=TEMPLATE)
