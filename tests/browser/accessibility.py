"""Asks axe whether a page serves those who listen, look closely or type. No tests here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from axe_playwright_python.sync_playwright import Axe

if TYPE_CHECKING:
    from playwright.sync_api import Page

GRAVE = ("serious", "critical")
IS_MENDED = """() => {
    const within = (one) => one.shadowRoot ? [one, ...all(one.shadowRoot)] : [one]
    const all = (root) => [...root.querySelectorAll("*")].flatMap(within)
    return all(document).every((one) => !one.matches(".tabulator-tableholder, .MuiLinearProgress-root")
        || one.hasAttribute("role") && (one.hasAttribute("aria-hidden") || one.matches(".tabulator-tableholder")))
}"""
"""Whether js/mend.js, which looks now and then, has looked at what is on the page now."""


def grave_findings(page: Page) -> list[str]:
    """Return what axe calls serious or critical, in a line each."""
    page.wait_for_function(IS_MENDED)
    violations = Axe().run(page).response["violations"]
    return [_said(violation) for violation in violations if violation["impact"] in GRAVE]


def _said(violation: dict[str, Any]) -> str:
    places = "; ".join(f"{node['target'][0][-1]} {node['html'][:160]}" for node in violation["nodes"][:3])
    return f"{violation['id']} ({violation['impact']}): {violation['help']}: {places}"
