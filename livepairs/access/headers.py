"""What every answer says to the browser: what its page may load, who may show it, what is kept from others. Pure.

The policy is as tight as Bokeh and Panel allow. They build styles in place and compile callbacks and components from
text, so styles may be inline, and scripts may be evaluated; but a script must come from this server or carry this
answer's nonce, and nothing is loaded from, or sent to, another host.
"""

from __future__ import annotations

from collections.abc import Iterable

__all__ = ["content_policy", "security_headers"]


def content_policy(nonce: str, others: Iterable[str] = ()) -> str:
    """Return the content security policy of an answer.

    Parameters
    ----------
    nonce
        Of this answer alone.
    others
        Origins whose pages may show ours.
    """
    rules = {
        "default-src": "'none'",
        "script-src": f"'self' 'nonce-{nonce}' 'unsafe-eval' blob:",
        "style-src": "'self' 'unsafe-inline'",
        "img-src": "'self' data: blob:",
        "font-src": "'self' data:",
        "connect-src": "'self' blob:",
        "manifest-src": "'self'",
        "media-src": "'self' data: blob:",
        "worker-src": "'self' blob:",
        "base-uri": "'none'",
        "form-action": "'self'",
        "frame-ancestors": " ".join(["'self'", *sorted(others)]),
    }
    return "; ".join(f"{name} {value}" for name, value in rules.items())


def security_headers(nonce: str, others: Iterable[str] = (), *, is_secure: bool = False) -> dict[str, str]:
    """Return the headers of an answer.

    Parameters
    ----------
    nonce, others
        As for ``content_policy``.
    is_secure
        The browser asked by https.
    """
    others = tuple(others)
    headers = {
        "Content-Security-Policy": content_policy(nonce, others),
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "same-origin",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "cross-origin" if others else "same-origin",
        "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=()",
    }
    if not others:
        headers["X-Frame-Options"] = "SAMEORIGIN"
    if is_secure:
        headers["Strict-Transport-Security"] = "max-age=31536000"
    return headers
