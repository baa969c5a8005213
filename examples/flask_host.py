"""A Flask application whose users see livepairs from a server beside it, each let in by a token.

The server asks who comes: ``livepairs serve --auth users.txt --allow-origin http://127.0.0.1:5000``. The host has the
same users file, whose key signs its tokens. Set LIVEPAIRS_SERVER and LIVEPAIRS_USERS to where both are.
"""

import os

from flask import Flask, abort, session

from livepairs import embed

SERVER = os.environ.get("LIVEPAIRS_SERVER", "http://127.0.0.1:5006")
USERS = os.environ.get("LIVEPAIRS_USERS", "users.txt")

app = Flask(__name__)
app.secret_key = os.urandom(32)

PAGE = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>Flask and livepairs</title>
<style>body {{ font: 15px/1.5 system-ui, sans-serif }} live-pairs {{ height: 640px }}</style></head>
<body><h1>Signed in as ann</h1>
{snippet}
</body></html>"""


@app.get("/")
def home() -> str:
    session["user"] = "ann"  # in earnest: your own sign-in
    return PAGE.format(snippet=embed.snippet(SERVER, page="spread", theme="light", frame="deck", token_url="/token"))


@app.get("/token")
def token() -> str:
    if "user" not in session:
        abort(401)
    return embed.token(USERS, session["user"])


if __name__ == "__main__":
    app.run(port=int(os.environ.get("PORT", "5000")))
