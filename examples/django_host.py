"""A Django application, in one file, with every page of livepairs in its own process.

Django answers everything but what lies below /livepairs. Tokens say who comes: the view makes one for its user.
"""

import os

import django
from django.conf import settings
from django.core.asgi import get_asgi_application
from django.http import HttpRequest, HttpResponse
from django.urls import path

from livepairs import embed

settings.configure(
    SECRET_KEY=os.urandom(32).hex(), ROOT_URLCONF=__name__, ALLOWED_HOSTS=["127.0.0.1", "localhost"], DEBUG=False
)
django.setup()

PAGE = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>Django and livepairs</title>
<style>body {{ font: 15px/1.5 system-ui, sans-serif }} live-pairs {{ height: 640px }}</style></head>
<body><h1>Our desk</h1>
{snippet}
</body></html>"""


def home(request: HttpRequest) -> HttpResponse:
    """Show a page of livepairs inside ours."""
    return HttpResponse(PAGE.format(snippet=embed.snippet("/livepairs", page="market", frame="0", token_url="/token")))


def token(request: HttpRequest) -> HttpResponse:
    """Let the user of this session in, once."""
    return HttpResponse(pages.token("ann"), content_type="text/plain")  # in earnest: request.user, signed in


urlpatterns = [path("", home), path("token", token)]
pages = embed.Pages()
application = pages.beside(get_asgi_application(), "/livepairs")
