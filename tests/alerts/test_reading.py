"""Rules files: what they mean, and what is refused at which line and column."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livepairs.alerts.mistake import RuleError
from livepairs.alerts.reading import CHANNEL_KEYS, RULE_KEYS, read_duration, read_rules
from livepairs.alerts.rule import LEVELS, default_rules
from livepairs.alerts.vocabulary import COLUMNS, FUNCTIONS

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "alerts.md"

FILE = """\
timezone = "Europe/Berlin"
[channels.desk]
per_hour = 6
digest = "10m"

[[rule]]
name = "späte Züge ✓"
pairs = ["*/BTCUSDT"]
when = "abs(z) >= 2"
clear = "abs(z) < 0.5"
for_bars = 3
cooldown = "5m"
level = "critical"
message = "{pair} z {z:+.2f}"
notify = ["desk"]
quiet = ["22:00-06:00", "sat-sun"]
"""


def test_a_file_says_what_its_rules_are() -> None:
    rules = read_rules(FILE)
    (rule,), (channel,) = rules.rules, rules.channels
    assert (rule.name, rule.pairs, rule.for_bars, rule.cooldown_us) == ("späte Züge ✓", ("*/BTCUSDT",), 3, 300_000_000)
    assert (rule.level, rule.notify, rule.is_armed, rule.column) == ("critical", ("desk",), True, "z")
    assert (channel.name, channel.most_per_hour, channel.digest_us) == ("desk", 6, 600_000_000)
    assert [rule.watches(pair) for pair in ("ETHUSDT/BTCUSDT", "BTCUSDT/ETHUSDT")] == [True, False]
    assert (rules.zone, rules.text, rules.channel("desk")) == ("Europe/Berlin", FILE, channel)
    # 21:30 UTC is 22:30 in Berlin in winter, on a Thursday; 12:00 UTC is 13:00, on a Saturday.
    thursday_us, day_us = 0, 86_400_000_000
    assert rule.is_quiet(thursday_us + 21 * 3_600_000_000 + 1_800_000_000, rules.zone)
    assert not rule.is_quiet(thursday_us + day_us // 2, rules.zone)
    assert rule.is_quiet(thursday_us + 2 * day_us + day_us // 2, rules.zone)


def test_the_version_is_that_of_the_text_whatever_its_line_ends() -> None:
    assert read_rules(FILE).version == read_rules(FILE.replace("\n", " \r\n") + "\n").version
    assert read_rules(FILE).version != read_rules(FILE.replace("= 3", "= 4")).version
    assert re.fullmatch("[0-9a-f]{12}", read_rules("").version)


@pytest.mark.parametrize(("entry", "exit"), [(2.0, 0.5), (1e-05, 0.0), (3, 1), (2.25, 1 / 3)])
def test_the_default_rules_read_their_own_text(entry: float, exit: float) -> None:
    assert read_rules(default_rules(entry, exit).text) == default_rules(entry, exit)


@pytest.mark.parametrize(
    ("old", "new", "line", "column", "marked", "said"),
    [
        ("abs(z) >= 2", "abs(zz) >= 2", 9, 13, "^^", "did you mean 'z'"),
        (
            '"abs(z) < 0.5"',
            '"""\nabs(z) <\n  0.5 oder z"""',
            12,
            7,
            "^^^^",
            "was not expected here (did you mean 'or'?)",
        ),
        ("for_bars", "for_bar", 11, 1, "^^^^^^^", "did you mean 'for_bars'"),
        ("for_bars = 3", "for_bars = 0", 11, 12, "^", "whole number from 1"),
        ('"5m"', '"5 minutes"', 12, 13, "^", "no length of time"),
        ('"critical"', '"criticle"', 13, 10, "^", "did you mean 'critical'"),
        ("{z:+.2f}", "{z.real}", 14, 21, "^^^^^^^^", "there is no field 'z.real'"),
        ("{z:+.2f}", "{z:>30}", 14, 21, "^^^^^^^", "is no format of 'z'"),
        ("{z:+.2f}", "{z", 14, 21, "^", "a lone '{'"),
        ('["desk"]', '["dusk"]', 15, 10, "^", "did you mean 'desk'"),
        ("22:00", "25:00", 16, 9, "^", "no quiet hours"),
        ("sat-sun", "sat-son", 16, 9, "^", "did you mean 'sun'"),
        ("Berlin", "Bärlin", 1, 13, "^", "time zone"),
        ("per_hour", "url", 3, 1, "^^^", "does not belong here"),
        ('name = "späte', 'nam = "späte', 7, 1, "^^^", "did you mean 'name'"),
        ('when = "abs(z) >= 2"\n', "", 6, 1, "^^^^^^^^", "has no 'when'"),
        ('pairs = ["*/BTCUSDT"]', 'symbols = ["*"]', 9, 13, "^", "a rule of symbols has no 'z'"),
        ('pairs = ["*/BTCUSDT"]', "pairs = []", 8, 9, "^", "nothing is watched"),
        ("späte", "sp\\u202ete", 7, 9, "^", "cannot be seen"),
        ("cooldown = ", "cooldown ", 12, 10, "^", "this is not TOML"),
    ],
)
def test_a_mistake_is_refused_at_its_line_and_column(
    old: str, new: str, line: int, column: int, marked: str, said: str
) -> None:
    assert FILE.count(old) == 1
    with pytest.raises(RuleError) as caught:
        read_rules(FILE.replace(old, new), name="my.toml")
    message, shown, carets = str(caught.value).split("\n")
    assert message.startswith(f"my.toml, line {line}, column {column}: ")
    assert said in message
    assert carets.strip() == marked
    assert (caught.value.line, caught.value.column) == (line, column)
    assert shown.strip() in [text.strip() for text in FILE.replace(old, new).splitlines()]


def test_two_rules_of_one_name_are_refused_however_it_is_written() -> None:
    rule = '[[rule]]\nname = "{}"\nwhen = "z > 1"\n'
    with pytest.raises(RuleError, match=r"line 5, column 9: rule 'é' is there twice, as number 1 and 2"):
        read_rules(rule.format("\u00e9") + rule.format("e\u0301"))


@pytest.mark.parametrize("text", ["[rule]\nname='x'", "rule = 3", "channels = 1", "[chanels.a]", "x = 1", "[" * 9_999])
def test_whatever_is_no_rules_file_is_refused(text: str) -> None:
    with pytest.raises(RuleError):
        read_rules(text)


@given(st.text(max_size=60), st.integers(0, len(FILE)))
def test_any_text_is_read_or_refused(text: str, at: int) -> None:
    for file in (text, FILE[:at] + text + FILE[at:]):
        try:
            read_rules(file)
        except RuleError as error:
            assert str(error)  # noqa: PT017 - that nothing else is raised is the point


def test_a_thousand_rules_are_read() -> None:
    text = "".join(f'[[rule]]\nname = "r{n}"\nwhen = "abs(z) > {n}"\n' for n in range(1_000))
    assert len(read_rules(text).rules) == 1_000
    with pytest.raises(RuleError, match="10001 rules; at most 10000"):
        read_rules('[[rule]]\nname = "r"\nwhen = "z > 1"\n' * 10_001)


@pytest.mark.parametrize(("given", "us"), [(0, 0), (1.5, 1_500_000), ("250ms", 250_000), ("1.5h", 5_400_000_000)])
def test_a_length_of_time_is_seconds_or_has_its_unit(given: object, us: int) -> None:
    assert read_duration(given) == us


def test_the_document_names_every_word_and_its_example_is_a_rules_file() -> None:
    document = DOCUMENT.read_text("utf-8")
    (example,) = re.findall(r"```toml\n(.*?)```", document, re.DOTALL)
    assert [rule.name for rule in read_rules(example).rules] == ["far out", "feed in trouble"]
    words = {*RULE_KEYS, *CHANNEL_KEYS, *COLUMNS, *LEVELS}
    assert {word for word in words if f"`{word}`" not in document} == set()
    assert {name for name in FUNCTIONS if f"`{name}(" not in document} == set()
