"""Every hedge method against another way to the same numbers, and the laws that hold for all of them."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from numpy.lib.stride_tricks import sliding_window_view

from livepairs.errors import ConfigError
from livepairs.pairs import kernel
from livepairs.pairs.machine import PairMachine, PairParams
from livepairs.schema import Pair
from livepairs.stats.compiled import prepare
from livepairs.stats.elementary import log
from livepairs.stats.kalman_hedge import KalmanHedge, KalmanNoise
from tests.bits import same_bits
from tests.factories import make_bars
from tests.pairs.markets import market

FIRST_BAR = 1_700_000_003
WINDOW, BARS = 40, 160
METHODS = ("tls", "ewols", "ewols:7", "kalman", "kalman:12.5", "fixed:0.8", "fixed:1.5,-2")


@pytest.fixture(scope="module", autouse=True)
def _compiled() -> None:
    prepare()


def params_of(hedge: str, price: str = "log") -> PairParams:
    return PairParams(hedge_window=WINDOW, z_window=15, corr_window=9, price=price, hedge=hedge)


def bars_of(kind: str, first: int = 0, last: int = BARS) -> pa.RecordBatch:
    y, x = market(kind, BARS)
    return make_bars({"Y": y[first:last], "X": x[first:last]}, first_bar=FIRST_BAR + first)


def rows_of(params: PairParams, bars: pa.RecordBatch) -> pa.RecordBatch:
    return PairMachine([Pair("Y", "X")], params).update(bars)


def column(rows: pa.RecordBatch, name: str) -> np.ndarray:
    return rows.column(name).to_numpy(zero_copy_only=False)


def windows(kind: str) -> tuple[np.ndarray, np.ndarray]:
    legs = [np.array([log(price) for price in leg]) for leg in market(kind, BARS)]
    y, x = (sliding_window_view(leg, WINDOW) for leg in legs)
    return y, x


def weighted(y: np.ndarray, x: np.ndarray, half_life: float) -> tuple[float, float]:
    """By numpy's weighted fit; its weights multiply the residuals, so they are roots."""
    weights = 2.0 ** (-np.arange(WINDOW - 1.0, -1.0, -1.0) / half_life)
    slope, shift = np.polyfit(x - x.mean(), y - y.mean(), 1, w=np.sqrt(weights))
    return slope, y.mean() + shift - slope * x.mean()


def nearest(y: np.ndarray, x: np.ndarray) -> tuple[float, float]:
    """By the direction of the largest singular value."""
    _, _, directions = np.linalg.svd(np.stack([x - x.mean(), y - y.mean()], axis=1))
    slope = directions[0, 1] / directions[0, 0]
    return slope, y.mean() - slope * x.mean()


def followed(y: np.ndarray, x: np.ndarray, memory: float) -> tuple[float, float]:
    """By the filter of ``livepairs.stats`` on legs as docs/numbers.md measures them."""
    size = x.std()
    noise = KalmanNoise(beta=memory**-2.0, alpha=memory**-2.0, observation=1.0, start=1e4)
    found = KalmanHedge(noise).update(y - y.mean(), (x - x.mean()) / size)
    slope = found.beta[-1] / size
    return slope, y.mean() + found.alpha[-1] - slope * x.mean()


@pytest.mark.parametrize("kind", ["crypto", "level 100,000", "unrelated"])
@pytest.mark.parametrize(
    ("hedge", "fit"),
    [
        ("tls", nearest),
        ("ewols", lambda y, x: weighted(y, x, WINDOW / 4)),
        ("ewols:7", lambda y, x: weighted(y, x, 7.0)),
        ("kalman", lambda y, x: followed(y, x, WINDOW / 4)),
        ("kalman:12.5", lambda y, x: followed(y, x, 12.5)),
        ("fixed:0.8", lambda _y, _x: (0.8, 0.0)),
        ("fixed:1.5,-2", lambda _y, _x: (1.5, -2.0)),
    ],
)
def test_the_relation_is_what_the_method_says_of_the_window(kind: str, hedge: str, fit) -> None:
    rows, (ys, xs) = rows_of(params_of(hedge), bars_of(kind)), windows(kind)
    beta, alpha, spread = (column(rows, name)[WINDOW - 1 :] for name in ("beta", "alpha", "spread"))
    wanted = np.array([fit(y, x) for y, x in zip(ys, xs, strict=True)])
    np.testing.assert_allclose(beta, wanted[:, 0], rtol=1e-6, atol=1e-8)
    np.testing.assert_allclose(alpha, wanted[:, 1], rtol=1e-6, atol=1e-6)
    np.testing.assert_allclose(spread, ys[:, -1] - alpha - beta * xs[:, -1], rtol=0, atol=1e-12)
    assert np.isnan(column(rows, "beta")[: WINDOW - 1]).all()


@pytest.mark.parametrize("hedge", METHODS)
def test_what_does_not_depend_on_the_method_is_that_of_least_squares(hedge: str) -> None:
    rows, squares = (rows_of(params_of(name), bars_of("crypto")) for name in (hedge, "ols"))
    for name in ("corr", "coint_stat", "coint_p", "is_ready"):
        assert same_bits(rows.select([name]), squares.select([name])), name
    assert not same_bits(rows.select(["half_life"]), squares.select(["half_life"]))
    z, spread = column(rows, "z"), column(rows, "spread")
    last = spread[-15:]
    assert z[-1] == pytest.approx((last[-1] - last.mean()) / last.std(ddof=1), rel=1e-9)


@pytest.mark.parametrize("hedge", METHODS)
def test_slicing_and_where_the_run_began_change_no_bit(hedge: str) -> None:
    whole = rows_of(params_of(hedge), bars_of("crypto"))
    machine = PairMachine([Pair("Y", "X")], params_of(hedge))
    parts = [machine.update(bars_of("crypto", first, last)) for first, last in ((0, 1), (1, 61), (61, BARS))]
    assert same_bits(pa.Table.from_batches(parts), whole)
    later = rows_of(params_of(hedge), bars_of("crypto", 50))
    warm = params_of(hedge).warmup_bars - 1
    assert same_bits(later.slice(warm), whole.slice(50 + warm))


@pytest.mark.parametrize("hedge", METHODS)
def test_interpreted_and_compiled_give_the_same_bits(hedge: str, monkeypatch: pytest.MonkeyPatch) -> None:
    compiled = rows_of(params_of(hedge), bars_of("crypto"))
    monkeypatch.setattr(kernel.advance, "_compiled", None)
    assert same_bits(rows_of(params_of(hedge), bars_of("crypto")), compiled)


@pytest.mark.parametrize("hedge", ["tls", "ewols", "kalman"])
def test_a_leg_that_does_not_move_has_no_relation(hedge: str) -> None:
    y, _ = market("crypto", BARS)
    rows = rows_of(params_of(hedge), make_bars({"Y": y, "X": np.full(BARS, 100.0)}, first_bar=FIRST_BAR))
    assert np.isnan(column(rows, "beta")).all()
    assert np.isnan(column(rows, "z")).all()


def test_a_fixed_relation_needs_no_leg_to_move() -> None:
    y, _ = market("crypto", BARS)
    bars = make_bars({"Y": y, "X": np.full(BARS, 100.0)}, first_bar=FIRST_BAR)
    rows = rows_of(params_of("fixed:1,5", price="level"), bars)
    np.testing.assert_array_equal(column(rows, "spread")[WINDOW - 1 :], (y - 5.0 - 100.0)[WINDOW - 1 :])
    assert np.isfinite(column(rows, "z")[-1])


@pytest.mark.parametrize(
    ("hedge", "window", "message"),
    [
        ("kalmann", 300, r"'kalmann' is not known \(did you mean 'kalman'\?\); use ols, tls"),
        ("ols:3", 300, "ols takes none"),
        ("fixed", 300, "use fixed:BETA or fixed:BETA,ALPHA"),
        ("fixed:1,2,3", 300, "use fixed:BETA or fixed:BETA,ALPHA"),
        ("fixed:nan", 300, "is no number"),
        ("ewols:fast", 300, "is no number"),
        ("ewols:0.5", 300, "one number of bars, 1 or more"),
        ("kalman:3,4", 300, "one number of bars, 1 or more"),
        ("kalman", 10_001, "too long for kalman; use up to 10000, or ols"),
    ],
)
def test_a_method_that_cannot_be_used_says_what_can(hedge: str, window: int, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        PairParams(hedge_window=window, hedge=hedge)
