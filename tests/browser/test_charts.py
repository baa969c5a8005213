"""The charts in a real browser: longer bars as one zooms out and exact ones again, the zone, pictures and files."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.browser.serving import Visitor, visiting

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = [pytest.mark.browser, pytest.mark.slow]

STEP = "m.data.ts[2] - m.data.ts[1]"

# The share of pixels, chart by chart, that our painters colour differently from Bokeh's own.
UNLIKE = """() => [...Bokeh.documents[0]._all_models.values()].filter(
    model => model.type === "Figure" && model.visible
).map(model => {
    const view = Bokeh.index.find_one_by_id(model.id), {primary} = view.canvas_view
    const ours = [...view.renderer_views.values()].filter(one => Object.hasOwn(one, "_paint"))
    const painted = () => {
        view._invalidate_all = true
        view.paint()
        return primary.ctx.getImageData(0, 0, primary.canvas.width, primary.canvas.height).data
    }
    const quick = painted(), painters = ours.map(one => one._paint)
    for (const one of ours) delete one._paint
    const plain = painted()
    ours.forEach((one, at) => { one._paint = painters[at] })
    let unlike = 0
    for (let at = 0; at < plain.length; at++) if (Math.abs(plain[at] - quick[at]) > 48) unlike += 1
    return [ours.length, 4 * unlike / plain.length]
})"""

# What is animated without end, and what it changes; also in the shadows. Anything but these two is painted each time.
ANIMATED = """() => {
    const found = []
    const look = (root) => {
        for (const element of root.querySelectorAll("*")) {
            if (element.shadowRoot) look(element.shadowRoot)
            for (const animation of element.getAnimations({subtree: true})) {
                const {iterations} = animation.effect.getComputedTiming()
                if (iterations === Infinity) found.push(...animation.effect.getKeyframes().flatMap(Object.keys))
            }
        }
    }
    look(document)
    return [...new Set(found)].filter(name => !["offset", "computedOffset", "easing", "composite"].includes(name))
}"""

# How often the server is asked while a drag of 30 frames goes to and fro within the rows there are, how often on the
# whole once it rests, and how often a busy machine made the hand rest: a frame that took as long as a rest does.
DRAGGED = """async () => {
    const axis = Bokeh.documents[0].get_model_by_name("time-axis"), {start, end} = axis, width = end - start
    const plain = WebSocket.prototype.send, asked = () => sent.filter(text => String(text).includes('"look"')).length
    const sent = []
    let rests = 0, last = performance.now()
    WebSocket.prototype.send = function (data) { sent.push(data); plain.call(this, data) }
    for (let frame = 1; frame <= 30; frame++) {
        await new Promise(requestAnimationFrame)
        if (performance.now() - last > 80) rests += 1
        last = performance.now()
        const by = 0.1 * width * Math.sin(frame / 5)
        axis.setv({start: start + by, end: end + by})
    }
    const while_dragged = asked()
    await new Promise(done => setTimeout(done, 1000))
    WebSocket.prototype.send = plain
    return [while_dragged, asked(), rests]
}"""

# Whether an axis that follows ends as far after the newest bar as its width wants.
ENDS_AT_NEWEST = """() => {
    const document = Bokeh.documents[0], {ts} = document.get_model_by_name("spread").data
    const axis = document.get_model_by_name("time-axis")
    return axis.tags[0] === "follow" && axis.end - ts[ts.length - 1] === Math.max(6000, 0.02 * (axis.end - axis.start))
}"""

# At what height of the chart of the legs each of them is where the window begins, as its axis reads.
AT_LEFT_EDGE = """() => {
    const document = Bokeh.documents[0], {start} = document.get_model_by_name("time-axis")
    const {data} = document.get_model_by_name("spread"), row = data.ts.findIndex(at => at >= start)
    const charts = [...document._all_models.values()].filter(model => model.type === "Figure")
    const chart = charts.find(figure => Object.keys(figure.extra_y_ranges).length)
    return Object.entries(chart.extra_y_ranges).map(([leg, range]) => {
        const share = (data[leg][row] - range.start) / (range.end - range.start)
        return chart.y_range.start + share * (chart.y_range.end - chart.y_range.start)
    })
}"""


@pytest.fixture(scope="module")
def spread(chromium_browser: Browser, app: str) -> Iterator[Visitor]:
    """Open one spread page for the whole file, its replay paused."""
    with visiting(chromium_browser, app) as visitor:
        visitor.go("spread")
        visitor.newest("spread-bars")
        if visitor.model("Deck", "m.data.status") == "playing":
            visitor.pause()
        yield visitor
        assert visitor.errors == []
        assert visitor.strangers == []


def show(visitor: Visitor, seconds: float) -> None:
    """Show that much time up to the end of the axis, as the deck's list of windows does."""
    visitor.model("time-axis", f"m.setv({{start: m.end - {1000 * seconds}, end: m.end}})")


def test_zooming_out_draws_longer_bars_and_zooming_in_the_exact_ones(spread: Visitor) -> None:
    spread.wait_for("spread-bars", f"{STEP} === 1000 && Array.from(m.data.close).some(Number.isFinite)")
    close = spread.model("spread-bars", "m.data.close[m.data.close.length - 1]")
    drawn = spread.model("spread", "m.data.spread[m.data.spread.length - 1]")
    assert close == pytest.approx(drawn, abs=1e-10)
    show(spread, 7_200)
    spread.wait_for("spread-bars", f"{STEP} >= 5000")
    spread.page.get_by_text("s bars of 1 s ones").wait_for()
    show(spread, 600)
    spread.wait_for("spread-bars", f"{STEP} === 1000")


def test_what_follows_ends_at_the_newest_bar_whoever_changed_its_width(spread: Visitor) -> None:
    for seconds in (900, 120):
        show(spread, seconds)
        spread.page.wait_for_function(ENDS_AT_NEWEST)
    assert spread.page.evaluate(AT_LEFT_EDGE) == [pytest.approx(100), pytest.approx(100)]


def test_rows_are_painted_as_bokeh_paints_them(spread: Visitor) -> None:
    show(spread, 300)
    spread.wait_for("spread-bars", f"{STEP} === 1000")
    found = spread.page.evaluate(UNLIKE)
    assert len(found) == 5
    for painters, unlike in found:
        assert painters > 0
        assert unlike < 0.002


def test_a_drag_within_the_rows_there_are_asks_for_others_once_it_rests(spread: Visitor) -> None:
    first, last = spread.model("spread", "[m.data.ts[0], m.data.ts[m.data.ts.length - 1]]")
    start, end = first + 0.4 * (last - first), first + 0.6 * (last - first)
    spread.model("time-axis", f"m.setv({{start: {start}, end: {end}, tags: ['free']}})")
    spread.page.wait_for_timeout(1_000)  # for what that asks
    room = 0.3 * (end - start)
    spread.wait_for("spread", f"m.data.ts[0] < {start - room} && m.data.ts[m.data.ts.length - 1] > {end + room}")
    while_dragged, asked, rests = spread.page.evaluate(DRAGGED)
    assert while_dragged <= rests
    assert asked == while_dragged + 1


def test_a_page_that_stands_is_not_painted_again_and_again(spread: Visitor) -> None:
    spread.page.locator("button.follow[aria-pressed=false]").wait_for()
    assert spread.page.evaluate(ANIMATED) == ["opacity"]
    hidden = "m => Bokeh.index.find_one_by_id(m).canvas_view.overlays.el.style.display"
    figure = spread.page.evaluate(
        "() => [...Bokeh.documents[0]._all_models.values()].find(m => m.type === 'Figure').id"
    )
    assert spread.page.evaluate(hidden, figure) == "none"


def test_the_zone_is_switched_for_all_and_remembered(spread: Visitor) -> None:
    zone = spread.page.locator(".chartbar button.zone")
    assert zone.inner_text() == "UTC"
    zone.click()
    assert spread.page.evaluate("() => livepairsZone.isLocal && localStorage.getItem('livepairs-zone')") == "local"
    zone.click()
    assert spread.page.evaluate("() => livepairsZone.isLocal") is False


def test_a_chart_is_saved_as_a_picture_and_the_rows_as_a_file(spread: Visitor, tmp_path: Path) -> None:
    with spread.page.expect_download() as saved:
        spread.page.locator(".lp-face button.save").nth(1).click(modifiers=["Shift"])
    saved.value.save_as(tmp_path / "chart.svg")
    drawn = (tmp_path / "chart.svg").read_text(encoding="utf-8")
    assert drawn.startswith("<svg ")
    for words in ("ETHUSDT/BTCUSDT", " UTC – ", "replay of recording demo", spread.base, "Spread, basis points"):
        assert words in drawn
    with spread.page.expect_download() as saved:
        spread.page.get_by_label("Save or export the charts").select_option("file:csv")
    saved.value.save_as(tmp_path / "rows.csv")
    assert (tmp_path / "rows.csv").read_text(encoding="utf-8").splitlines()[0].endswith('"spread_close"')
