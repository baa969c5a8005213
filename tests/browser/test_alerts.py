"""The alerts page in a real browser: an alert is explained and noted, a rule mended and saved, a channel tried."""

from __future__ import annotations

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING

import numpy as np
import pytest

from livepairs.stores.recording import RecordingWriter
from tests.browser.serving import livepairs_serve, visiting
from tests.factories import make_trades

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.browser

START_US = 1_700_000_000_000_000
SECONDS = 300
RULES = '[channels.desk]\n\n[[rule]]\nname = "out"\nwhen = "abs(z) >= 1.2"\nclear = "abs(z) <= 0.4"\n'


class Refusing(BaseHTTPRequestHandler):
    """An endpoint that is out of order."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        self.send_error(500)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder of recordings with two random walks, and rules."""
    made = tmp_path_factory.mktemp("alerts")
    rng = np.random.default_rng(3)
    with RecordingWriter(made / "walk", source="import") as writer:
        for symbol in ("AAA", "BBB"):
            prices = np.round(100 * np.exp(np.cumsum(rng.normal(0, 1e-4, SECONDS))), 4)
            writer.append(make_trades(symbol, [START_US + n * 1_000_000 for n in range(SECONDS)], price=prices))
        writer.finish()
    (made / "rules.toml").write_text(RULES, "utf-8")
    return made


@pytest.fixture(scope="module")
def base(folder: Path) -> Iterator[str]:
    endpoint = ThreadingHTTPServer(("127.0.0.1", 0), Refusing)
    thread = Thread(target=endpoint.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LIVEPAIRS_RECORDINGS", str(folder))
        patch.setenv("LIVEPAIRS_CHANNEL_DESK", f"http://127.0.0.1:{endpoint.server_port}/")
        patch.setenv("LIVEPAIRS_CHANNEL_DESK_SECRET", "correct-horse-battery-staple")
        for name, bars in {"HEDGE_WINDOW": "20", "Z_WINDOW": "15", "CORR_WINDOW": "15"}.items():
            patch.setenv(f"LIVEPAIRS_{name}", bars)
        with livepairs_serve(str(folder / "walk"), "--speed", "inf") as url:
            yield url
    endpoint.shutdown()
    endpoint.server_close()
    thread.join()


def test_an_alert_is_explained_and_noted_a_rule_mended_and_a_channel_tried(
    chromium_browser: Browser, base: str, folder: Path
) -> None:
    with visiting(chromium_browser, base) as visitor:
        page = visitor.go("alerts").page
        visitor.wait_for("alerts", "m.source.get_length() > 0")
        page.locator(".tabulator-row", has_text="fired").first.click()
        page.get_by_text("so the rule fired.").wait_for()
        page.get_by_label("Note").fill("looked")
        page.get_by_role("button", name="Acknowledge").click()
        page.get_by_text("Seen to by").wait_for()

        page.get_by_role("tab", name="Rules").click()
        editor = page.get_by_label("The rules file")
        editor.wait_for()
        editor.fill(RULES.replace("abs(z) >= 1.2", "abs(zz) >= 1.2"))
        page.get_by_text("There is no column 'zz' (did you mean 'z'?)").wait_for()
        save = page.get_by_role("button", name="Save")
        assert save.is_disabled()
        editor.fill(RULES.replace(">= 1.2", ">= 1.5"))
        page.locator("button.save:enabled").click()
        page.get_by_text("in force from the next closed bar").wait_for()
        assert ">= 1.5" in (folder / "rules.toml").read_text("utf-8")

        page.get_by_role("tab", name="Delivery").click()
        page.get_by_role("button", name="Send test").click()
        page.get_by_text("The test failed: answered 500.").wait_for()
        assert visitor.errors == []
        assert visitor.strangers == []
