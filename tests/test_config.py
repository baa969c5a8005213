"""Settings: where they come from, which wins, and what a slip of the pen gets told."""

from __future__ import annotations

import dataclasses
import math
from pathlib import Path

import pytest

from livepairs.config import Settings, environment_name, load_settings, setting_docs
from livepairs.errors import ConfigError


def write(folder: Path, text: str) -> Path:
    path = folder / "livepairs.toml"
    path.write_text(text, "utf-8")
    return path


def test_nothing_set_gives_the_defaults():
    assert load_settings(environ={}) == Settings()


def test_arguments_win_over_environment_over_file(tmp_path):
    file = write(tmp_path, 'port = 1\naddress = "file"\ninterval = "5m"\n')
    environ = {"LIVEPAIRS_PORT": "2", "LIVEPAIRS_ADDRESS": "environment"}
    settings = load_settings({"port": 3, "entry": None}, environ=environ, file=file)
    assert (settings.port, settings.address, settings.interval) == (3, "environment", "5m")
    assert settings.entry == Settings().entry


def test_file_in_the_working_folder_is_read(tmp_path, monkeypatch):
    write(tmp_path, 'pairs = ["ETHUSDT/BTCUSDT", "SOLUSDT/BTCUSDT"]\nspeed = "max"\n')
    monkeypatch.chdir(tmp_path)
    settings = load_settings(environ={})
    assert settings.pairs == ("ETHUSDT/BTCUSDT", "SOLUSDT/BTCUSDT")
    assert settings.speed == math.inf


@pytest.mark.parametrize("name", [field.name for field in dataclasses.fields(Settings)])
def test_every_setting_says_what_it_means(name):
    assert setting_docs()[name].endswith(".")


TEXTS = {
    "source": ("synthetic:?seed=7", "synthetic:?seed=7"),
    "pairs": ("ETHUSDT/BTCUSDT, SOLUSDT/BTCUSDT", ("ETHUSDT/BTCUSDT", "SOLUSDT/BTCUSDT")),
    "interval": ("1m", "1m"),
    "price": ("level", "level"),
    "hedge_window": ("60", 60),
    "healed": ("yes", True),
    "entry": ("2.5", 2.5),
    "speed": ("60x", 60.0),
    "publish_hz": ("4", 4.0),
    "binance_um_ws": ("ws://127.0.0.1:9000/", "ws://127.0.0.1:9000"),
}


@pytest.mark.parametrize("name", TEXTS)
def test_environment_is_read_by_the_setting_s_name(name):
    text, value = TEXTS[name]
    assert getattr(load_settings(environ={environment_name(name): text}), name) == value


def test_other_programs_variables_and_empty_ones_are_left_alone():
    assert load_settings(environ={"PATH": "/bin", "LIVEPAIRS_PORT": " "}) == Settings()


def test_unknown_variable_is_an_error_with_a_suggestion():
    with pytest.raises(ConfigError, match=r"LIVEPAIRS_PAIR is not a setting \(did you mean 'LIVEPAIRS_PAIRS'\?\)"):
        load_settings(environ={"LIVEPAIRS_PAIR": "ETHUSDT/BTCUSDT"})


def test_unknown_key_in_the_file_is_an_error_with_a_suggestion(tmp_path):
    file = write(tmp_path, "prot = 5006\n")
    with pytest.raises(ConfigError, match=r"livepairs\.toml: prot is not a setting \(did you mean 'port'\?\)"):
        load_settings(environ={}, file=file)


@pytest.mark.parametrize(
    ("name", "text", "allowed"),
    [
        ("port", "70000", "a whole number from 0 to 65535"),
        ("port", "5006.5", "a whole number"),
        ("entry", "nan", "a number from 0.01 to 100"),
        ("interval", "2s", "one of 100ms, 1s, 5s"),
        ("price", "logs", "one of log, level"),
        ("speed", "2000", "from 0.1 to 1000, or max"),
        ("healed", "maybe", "true or false"),
        ("binance_um_ws", "wss://host/market", "scheme, host and port only"),
        ("binance_um_rest", "ftp://host", "scheme, host and port only"),
        ("binance_dumps", "https://", "scheme, host and port only"),
    ],
)
def test_a_value_that_cannot_be_used_says_what_can(name, text, allowed):
    with pytest.raises(ConfigError, match=allowed) as caught:
        load_settings(environ={environment_name(name): text})
    assert repr(text) in str(caught.value)
    assert environment_name(name) in str(caught.value)


@pytest.mark.parametrize(
    "text", ["port = true", "port = 1.5", "pairs = 3", "source = 3", "entry = false", "speed = []"]
)
def test_a_value_of_the_wrong_type_in_the_file_is_refused(tmp_path, text):
    with pytest.raises(ConfigError, match="it must be"):
        load_settings(environ={}, file=write(tmp_path, text))


def test_file_that_is_not_toml_is_refused(tmp_path):
    with pytest.raises(ConfigError, match="cannot be read as TOML"):
        load_settings(environ={}, file=write(tmp_path, "port: 3"))


def test_file_that_was_named_must_be_there(tmp_path):
    with pytest.raises(ConfigError, match="is not there"):
        load_settings(environ={}, file=tmp_path / "other.toml")


def test_exit_must_lie_inside_entry():
    with pytest.raises(ConfigError, match="exit must be less"):
        load_settings({"entry": 1.0, "exit": 1.0}, environ={})
