"""What importing costs and promises: light names stay light, and every public name is there."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

import livepairs

HEAVY = ("panel", "bokeh", "holoviews", "hvplot", "pandas", "statsmodels", "streamz", "numba", "scipy")
SCREEN = ("panel", "bokeh", "holoviews", "hvplot", "panel_material_ui")


def modules_after(statement: str) -> set[str]:
    """Return the top-level packages a fresh interpreter holds after a statement."""
    code = f"{statement}\nimport json, sys\nprint(json.dumps(sorted({{n.partition('.')[0] for n in sys.modules}})))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(json.loads(done.stdout.splitlines()[-1]))


def module_names() -> list[str]:
    """Return every module of the package, without importing any while tests are being collected."""
    package = Path(livepairs.__file__).parent
    paths = (path.relative_to(package.parent).with_suffix("") for path in package.rglob("*.py"))
    return sorted(".".join(path.parts).removesuffix(".__init__") for path in paths)


def test_import_of_the_package_brings_nothing_heavy_not_even_arrow():
    assert modules_after("import livepairs").isdisjoint({*HEAVY, "pyarrow", "numpy"})


def test_import_of_a_statistic_brings_nothing_heavy():
    assert modules_after("import livepairs.stats.sliding").isdisjoint({*HEAVY, "pyarrow"})


def test_help_of_the_command_line_brings_nothing_heavy():
    loaded = modules_after("from livepairs.__main__ import main\ntry: main(['--help'])\nexcept SystemExit: pass")
    assert loaded.isdisjoint(HEAVY)


def test_a_server_loads_no_database_and_no_client_before_its_first_page():
    loaded = modules_after("import livepairs.hub, livepairs.views.serving.server")
    assert loaded.isdisjoint({"sqlalchemy", "psycopg", "apprise", "aiohttp", "distributed"})


def test_rows_become_the_columns_of_a_chart_without_pandas():
    loaded = modules_after(
        "import pyarrow as pa\n"
        "from livepairs.schema import BARS, empty\n"
        "from livepairs.columns import flags_column, floats_column, names_column, times_column\n"
        "from livepairs.views import columns\n"
        "import numpy as np\n"
        "made = {'symbol': names_column('BTCUSDT', 2), 'ts': times_column(np.arange(2)), "
        "'open': floats_column(np.ones(2)), 'is_filled': flags_column(np.array([True, False]))}\n"
        "rows = columns.of(pa.table(made), 'symbol', 'BTCUSDT')\n"
        "assert columns.milliseconds(rows).tolist() == [0.0, 0.001]\n"
        "assert columns.numbers(rows, 'open').tolist() == [1.0, 1.0]\n"
        "assert columns.flags(rows, 'is_filled').tolist() == [True, False]\n"
        "assert columns.of(rows, 'symbol', 'ETHUSDT').num_rows == 0\n"
        "assert columns.numbers(pa.Table.from_batches([empty(BARS)]), 'open').tolist() == []"
    )
    assert "pandas" not in loaded


def test_rooms_below_the_views_never_load_a_screen_library():
    """In one process, since what none of them brings is not there after the last."""
    rooms = ("config", "stores.recording", "sources.replay", "backtest", "headless", "hub")
    assert modules_after("import " + ", ".join(f"livepairs.{room}" for room in rooms)).isdisjoint(SCREEN)


@pytest.mark.parametrize("name", livepairs.__all__)
def test_each_public_name_resolves(name):
    assert getattr(livepairs, name) is not None
    assert name in dir(livepairs)


def test_a_name_that_is_not_public_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        _ = livepairs.nonsense


def test_there_are_few_public_names():
    assert len([name for name in livepairs.__all__ if not name.startswith("_")]) <= 10


@pytest.mark.parametrize("name", module_names())
def test_all_of_each_module_names_what_it_has(name):
    module = import_module(name)
    exported = getattr(module, "__all__", [])
    assert [wrong for wrong in exported if not hasattr(module, wrong)] == []
    assert len(set(exported)) == len(exported)
