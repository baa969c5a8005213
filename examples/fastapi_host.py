"""A FastAPI application with every page of livepairs, and its API, in its own process.

Who a visitor is says the host, here by a cookie of its own. What is shown say LIVEPAIRS_SOURCE and LIVEPAIRS_PAIRS.
"""

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse

from livepairs import embed
from livepairs.access import Visitor

PAGE = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>FastAPI and livepairs</title>
<style>body {{ font: 15px/1.5 system-ui, sans-serif }} live-pairs {{ height: 640px }}</style></head>
<body><h1>Our desk</h1>
{snippet}
</body></html>"""


def who(scope: dict) -> Visitor | None:
    """Return who is signed in with us."""
    name = Request({**scope, "type": "http"}).cookies.get("our-user")
    return Visitor(name, "viewer", name) if name else None


app = FastAPI()
app.mount("/livepairs", embed.Pages(who=who))


@app.get("/", response_class=HTMLResponse)
def home() -> HTMLResponse:
    page = HTMLResponse(PAGE.format(snippet=embed.snippet("/livepairs", page="spread", frame="0", theme="dark")))
    page.set_cookie("our-user", "ann", httponly=True, samesite="lax")  # in earnest: your own sign-in
    return page
