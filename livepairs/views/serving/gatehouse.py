"""The pages in front of the pages: signing in, and why one cannot go on. Plain HTML, no script, in the house's look."""

from __future__ import annotations

from html import escape
from string import Template

from livepairs.views.assets import markup

__all__ = ["notice", "signing_in", "signing_out"]


def signing_in(action: str, *, problem: str = "", name: str = "", is_dark: bool = False) -> str:
    """Return the page that asks for name and password.

    Parameters
    ----------
    action
        Address the form goes to.
    problem
        Why it is shown again.
    name
        What was typed before.
    """
    wrong = f'<p class="wrong" role="alert">{escape(problem)}</p>' if problem else ""
    first, second = ("", " autofocus") if name else (" autofocus", "")
    return _page(
        "Sign in",
        f"""<h1>Sign in</h1>
<p>This server shows its pages to people it knows.</p>
{wrong}
<form method="post" action="{escape(action)}">
<label for="name">Name</label>
<input id="name" name="name" autocomplete="username" autocapitalize="none" spellcheck="false" maxlength="128"
  value="{escape(name)}" required{first}>
<label for="password">Password</label>
<input id="password" name="password" type="password" autocomplete="current-password" maxlength="1024" required{second}>
<button type="submit">Sign in</button>
</form>""",
        is_dark=is_dark,
    )


def signing_out(action: str, *, is_dark: bool = False) -> str:
    """Return the page that asks whether to sign out."""
    form = f'<form method="post" action="{escape(action)}"><button type="submit">Sign out</button></form>'
    said = "<p>Pages that are open stay so until they are closed.</p>"
    return _page("Sign out", f"<h1>Sign out</h1>\n{said}\n{form}", is_dark=is_dark)


def notice(
    title: str, sentence: str, *, go: tuple[str, str] | None = None, again_s: int | None = None, is_dark: bool = False
) -> str:
    """Return a page that says one thing, and perhaps where to go: address and words; or that asks again by itself."""
    link = f'<a class="go" href="{escape(go[0])}">{escape(go[1])}</a>' if go else ""
    return _page(
        title, f"<h1>{escape(title)}</h1>\n<p>{escape(sentence)}</p>\n{link}", again_s=again_s, is_dark=is_dark
    )


def _page(title: str, body: str, *, again_s: int | None = None, is_dark: bool) -> str:
    theme = "dark" if is_dark else "light"
    again = "" if again_s is None else f'\n<meta http-equiv="refresh" content="{again_s}">'
    return Template(markup("gatehouse")).substitute(title=escape(title), body=body, theme=theme, again=again)
