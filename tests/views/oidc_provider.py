"""A small OpenID Connect provider on loopback, as strict as a real one: codes are good once, and PKCE is checked."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import time
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from aiohttp import web

CLIENT, SECRET = "livepairs-test", "a secret of the test"


@dataclass
class OidcProvider:
    """Signs everybody in as ``claims`` says, without asking."""

    claims: dict[str, Any]
    has_secret: bool = True
    base: str = ""
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    given: list[str] = field(default_factory=list)

    async def start(self) -> web.AppRunner:
        """Listen on a free port; the caller cleans up what this returns."""
        app = web.Application()
        app.add_routes(
            [
                web.get("/.well-known/openid-configuration", self._discovery),
                web.get("/authorize", self._authorize),
                web.post("/token", self._token),
            ]
        )
        runner = web.AppRunner(app)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        self.base = f"http://127.0.0.1:{runner.addresses[0][1]}"
        return runner

    async def _discovery(self, _request: web.Request) -> web.Response:
        said = {"issuer": self.base, "authorization_endpoint": f"{self.base}/authorize"}
        return web.json_response({**said, "token_endpoint": f"{self.base}/token"})

    async def _authorize(self, request: web.Request) -> web.Response:
        asked = dict(request.query)
        assert (asked["client_id"], asked["response_type"]) == (CLIENT, "code")
        code = secrets.token_urlsafe(8)
        self.codes[code] = asked
        raise web.HTTPFound(f"{asked['redirect_uri']}?{urlencode({'code': code, 'state': asked['state']})}")

    async def _token(self, request: web.Request) -> web.Response:
        brought = await request.post()
        asked = self.codes.pop(str(brought["code"]), None)
        if asked is None or brought["redirect_uri"] != asked["redirect_uri"] or not self._is_proved(asked, brought):
            return web.json_response({"error": "invalid_grant"}, status=400)
        now_s = int(time.time())
        claims = {"iss": self.base, "aud": CLIENT, "iat": now_s, "exp": now_s + 60, **self.claims}
        parts = [json.dumps(part).encode() for part in ({"alg": "none"}, claims)]
        token = ".".join([*(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts), "unsigned"])
        self.given += [token, "an-access-token", "a-refresh-token"]
        answer = {"access_token": "an-access-token", "refresh_token": "a-refresh-token", "id_token": token}
        return web.json_response({**answer, "token_type": "Bearer", "expires_in": 60})

    def _is_proved(self, asked: dict[str, str], brought: Any) -> bool:
        if self.has_secret:
            return bool(brought.get("client_secret") == SECRET)
        proof = hashlib.sha256(str(brought.get("code_verifier", "")).encode()).digest()
        return asked.get("code_challenge") == base64.urlsafe_b64encode(proof).rstrip(b"=").decode()
