"""What the digest badge says and what its panel explains, in finished texts. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from livepairs.hub.proof import Proof
from livepairs.hub.taping import TapeState
from livepairs.session import SessionState
from livepairs.stores.manifest import LiveProof
from livepairs.stores.recording import Recording
from livepairs.views import numbers

__all__ = ["Fact", "Said", "of_recording", "of_tape"]

Fact = tuple[str, str, str]
"""Name, value and explanation."""

_WORDS: Final = {
    "unclaimed": ("", "no digest", "Nothing was computed while it was made, as with every import and every generated "
                  "market, so there is no live digest that a replay could be held against."),
    "unproven": ("", "digest unchecked", "It was recorded live, with a digest of every row as it was seen. Check "
                 "replays it at full speed and compares."),
    "checking": ("busy", "checking", "Its files are compared with its manifest, and it is replayed at full speed."),
    "whole": ("good", "files whole", "Every file is what was written. Nothing was computed while it was made, so there "
              "is no live digest that a replay could be held against."),
    "same": ("good", "digest ok", "Replay equals live: its replay makes the very bars, pair rows and events that were "
             "seen while it was recorded."),
    "differs": ("bad", "digest differs", "Its replay is not what was seen live. Do not trust what this page shows of "
                "it."),
    "damaged": ("bad", "files damaged", "Its files are not what was written. Restore them from a copy."),
}  # fmt: skip

_IDLE: Final = (
    "The live feed is not being recorded. A digest is taken of what is recorded, for that is what a replay can be held "
    "against; the recordings page has the button."
)


@dataclass(frozen=True, slots=True)
class Said:
    """What the badge shows.

    Parameters
    ----------
    state
        ``good``, ``bad``, ``busy``, ``run`` (a digest is being taken) or empty.
    word, detail
        On the badge; the detail only where there is room.
    title, sentence, finding
        Heading of the panel, what the state means, and what was found.
    facts
        Figures behind it.
    can_check
        Whether a check would tell more, or anew.
    """

    state: str
    word: str
    detail: str = ""
    title: str = ""
    sentence: str = ""
    finding: str = ""
    facts: list[Fact] = field(default_factory=list)
    can_check: bool = False


def of_recording(recording: Recording, proof: Proof) -> Said:
    """Return what is said of the recording that is watched.

    Parameters
    ----------
    proof
        What is known of it.
    """
    state, word, sentence = _WORDS[proof.status]
    detail = f"{100 * proof.share:.0f} %" if proof.status == "checking" else ""
    finding = f"{proof.sentence[:1].upper()}{proof.sentence[1:].rstrip('.')}." if proof.sentence else ""
    return Said(
        state, word, detail, f"Proof of {recording.name}", sentence, finding,
        [*_live_facts(recording.manifest.proof), *_check_facts(proof)], can_check=proof.status != "checking",
    )  # fmt: skip


def of_tape(tape: TapeState) -> Said:
    """Return what is said of a live run, unless what it has recorded last is there to be looked at."""
    if tape.status == "recording":
        return _running(tape, tape.session)
    if tape.status == "saving":
        return Said("busy", "sealing", "", f"Recording {tape.name}", "What was written is being made a recording.")
    if tape.status == "failed":
        return Said("bad", "not recorded", "", f"Recording {tape.name}", f"It failed: {tape.sentence}.")
    return Said("", "not recorded", "", "No digest is being taken", _IDLE)


def _running(tape: TapeState, session: SessionState | None) -> Said:
    rows = 0 if session is None else session.bars + session.pairs + session.events
    facts: list[Fact] = []
    if session is not None:
        facts = [
            ("Digest so far", session.digest[:16] or numbers.NONE, f"SHA-256 of every closed row: {session.digest}"),
            ("Bars", numbers.count(session.bars), "Closed since the recording began"),
            ("Pair rows", numbers.count(session.pairs), "One a pair and closed bar, once both legs have one"),
            ("Events", numbers.count(session.events), "Alerts fired and cleared"),
        ]
    sentence = (
        "Every row is added to the digest as it closes. Once the recording is made, it is replayed and must reach the "
        "same."
    )
    finding = f"Not writing right now: {tape.sentence}." if tape.sentence else ""
    state = "bad" if tape.sentence else "run"
    return Said(
        state, "digest running", f"{numbers.count(rows)} rows", f"Recording {tape.name}", sentence, finding, facts
    )


def _live_facts(proof: LiveProof | None) -> list[Fact]:
    if proof is None:
        return []
    params = proof.params
    pairs = ", ".join(params.pairs[:3]) + (f" +{len(params.pairs) - 3}" if len(params.pairs) > 3 else "")
    windows = f"windows {params.hedge_window}, {params.z_window}, {params.corr_window}"
    return [
        ("Live digest", proof.digest[:16], f"SHA-256 of every closed row: {proof.digest}"),
        ("Rows", numbers.count(proof.bars + proof.pairs + proof.events),
         f"{proof.bars:,} bars, {proof.pairs:,} pair rows, {proof.events:,} events"),
        ("Computed with", f"{pairs or 'bars alone'}, {params.interval}",
         f"{windows}, {params.price} prices, hedge by {params.hedge}. Other parameters run through the same code."),
        ("Recorded by", f"livepairs {proof.version}", "The version that computed what was seen live"),
    ]  # fmt: skip


def _check_facts(proof: Proof) -> list[Fact]:
    if proof.checked_us is None:
        return [] if proof.status == "checking" else [("Checked", "not yet", "Check looks at every file and row")]
    when = numbers.day_clock(proof.checked_us)
    return [
        ("Checked", when, f"By livepairs {proof.version}; kept beside the recording while its files stay as they are")
    ]
