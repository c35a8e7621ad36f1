"""Notes that lead a run: where they are put, how loud, and that without them everything is as it was."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from core.audio.signal import FloatArray, active_rms
from core.diffusion.denoiser import Denoiser
from core.errors import SettingsError
from core.extension.extension import Extension
from core.extension.lead import RINGS_ON, Lead, heard_and_planned
from core.extension.settings import Settings
from core.networks.card import NetworkInfo
from core.networks.checkpoint import load_denoiser
from core.networks.registry import find_network
from core.notes.note import Note, moved
from core.notes.sketch import sketch
from tests.core.tiny_network import SEEING, write_tiny_network
from tests.core.tones import chord

Tiny = tuple[Denoiser, NetworkInfo]
RATE = 4000
HEARD = [Note(-0.55, -0.3, 57, 80), Note(-0.3, -0.02, 61, 80)]
PLAN = [Note(0.1, 0.3, 60, 90), Note(0.35, 0.7, 64, 70), Note(0.6, 0.9, 55, 90)]


def played(*notes: Note, start: float, seconds: float, rate: int = RATE) -> FloatArray:
    return sketch(moved(notes, -start), round(seconds * rate), rate)


def make(tiny: Tiny, before: np.ndarray, after: np.ndarray, notes: list[Note] | None, start: float) -> Extension:
    settings = Settings(sampler="replacement", steps=40, start=start)
    extension = Extension(*tiny, before, RATE, 1.0, settings, following=after, notes=notes)
    for _ in extension.run():
        pass
    return extension


def likeness(a: np.ndarray, b: np.ndarray) -> float:
    return float(np.corrcoef(np.abs(np.fft.rfft(a)), np.abs(np.fft.rfft(b)))[0, 1])


@pytest.mark.parametrize("place", ["behind", "before", "between"])
def test_each_window_plays_its_stretch(tiny: Tiny, place: str) -> None:
    """From hardly any noise, what comes out is the sketch: in four windows behind, four backwards before, and in a gap.
    Breaks when a window takes another's stretch.
    """
    known = played(*HEARD, start=-0.6, seconds=0.6)[None]
    nothing = known[:, :0]
    before, after = (nothing if place == "before" else known), (nothing if place == "behind" else known)
    notes = [*(HEARD if before.size else []), *PLAN, *(moved(HEARD, 1.6) if after.size else [])]
    extension = make(tiny, before, after, notes, 0.05)
    assert len(extension.plan.windows) == 4
    made, wanted = extension.audio()[0], played(*PLAN, start=0.0, seconds=1.0)
    for begin in range(0, RATE, RATE // 4):
        part = slice(begin, begin + RATE // 4)
        assert likeness(made[part], wanted[part]) > 0.8


def test_without_notes_nothing_changes(tiny: Tiny) -> None:
    """The paper's way stays the paper's way: a start of 1 with notes draws the same noise, and a network that sees no
    notes answers the same."""
    known = chord(0.6, RATE)
    plain, led = make(tiny, known, known[:, :0], None, 1.0), make(tiny, known, known[:, :0], [*HEARD, *PLAN], 1.0)
    assert plain.x_T_sha256 == led.x_T_sha256
    first = plain.plan.windows[0].new_frames // 4  # the level keeper goes by the notes, later
    scale = plain.audio()[0, 5:first] / led.audio()[0, 5:first]
    assert np.ptp(scale) < 0.2 * abs(np.median(scale))


def test_a_start_needs_notes(tiny: Tiny) -> None:
    with pytest.raises(SettingsError, match="notes to start from"):
        Extension(*tiny, chord(0.6, RATE), RATE, 0.5, Settings(start=0.4))
    for start in (0.0, -1.0, 1.1, float("nan")):
        with pytest.raises(SettingsError, match="start must be"):
            Settings(start=start)


def test_the_sketch_is_as_loud_as_the_recording() -> None:
    """And softer where softer notes are planned. Breaks when the sketch enters at its own level."""
    known = np.float32(0.05) * played(*HEARD, start=-0.6, seconds=0.6, rate=22_050)
    lead = Lead(known, known[:0], 22_050, [*HEARD, *[replace(n, velocity=80) for n in PLAN]], 22_050)
    assert 20 * np.log10(lead.level(0, 22_050) / active_rms(known[None], 22_050)) == pytest.approx(0, abs=3)
    softer = Lead(known, known[:0], 22_050, [*HEARD, *[replace(n, velocity=40) for n in PLAN]], 22_050)
    assert softer.level(0, 22_050) < 0.4 * lead.level(0, 22_050)


def test_what_sounds_at_the_seam_rings_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """Until its key is struck again, or for a while; what ended before does not, and the plan is cut to its length."""
    heard = [Note(0.0, 1.0, 50), Note(0.5, 1.98, 60), Note(1.0, 2.0, 64)]
    monkeypatch.setattr("core.extension.lead.listen", lambda samples, rate: heard)
    known = np.zeros((1, 2 * RATE), np.float32)
    notes = heard_and_planned(known, known[:, :0], RATE, 3.0, [Note(0.4, 5.0, 64), Note(3.5, 4.0, 70)])
    ends = {(note.key, round(note.onset, 2)): note.offset for note in notes}
    assert ends == {(50, -2.0): -1.0, (60, -1.5): RINGS_ON, (64, -1.0): 0.4, (64, 0.4): 3.0}


def test_a_network_that_sees_notes_begins_as_one_that_does_not(tmp_path: Path) -> None:
    """The stem of the sketch begins at zero, so that weights that never saw notes are a beginning; trained, what is
    planned changes what is heard.
    """
    folder = write_tiny_network(tmp_path / "led", architecture=SEEING | {"sees_notes": True})
    info, denoiser = find_network(str(folder)), load_denoiser(str(folder), torch.device("cpu"))
    assert info.sees_notes
    known = played(*HEARD, start=-0.6, seconds=0.6)[None]

    def made(notes: list[Note]) -> np.ndarray:
        return make((denoiser, info), known, known[:, :0], notes, 1.0).audio()

    other = [replace(note, key=note.key + 3) for note in PLAN]
    np.testing.assert_allclose(made([*HEARD, *PLAN])[0, :200], made([*HEARD, *other])[0, :200], atol=1e-6)
    torch.nn.init.normal_(denoiser.network.sketch_stem.conv.weight, std=0.3)  # type: ignore[attr-defined]
    assert np.abs(made([*HEARD, *PLAN])[0, :200] - made([*HEARD, *other])[0, :200]).max() > 1e-4
