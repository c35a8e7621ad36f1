"""The composer's network, and its card."""

import json
from pathlib import Path

import pytest
import torch

from core.errors import NetworkError
from core.networks.card import CONFIG_NAME
from core.networks.composer import FOLD, Composer, hints
from core.networks.composer_card import load_composer, parse_composer
from core.networks.registry import find_network
from core.notes.note import Note
from core.notes.roll import VALUES, roll_of
from tests.core.tiny_composer import CARD, write_composer

FRAMES = 6 * FOLD


@pytest.fixture
def network(tmp_path: Path) -> Composer:
    return load_composer(write_composer(tmp_path / "composer")).network


def test_known_frames_come_back_as_they_are_and_others_between_0_and_1(network: Composer) -> None:
    """E[x_0 | x_t] of values between 0 and 1 lies there, however loud the noise."""
    x = 3 * torch.randn(2, FRAMES * VALUES)
    keep = torch.arange(FRAMES * VALUES).expand(2, -1) < 2 * FOLD * VALUES
    clean = network(x, torch.tensor([0.1, 8.0]), keep, torch.tensor([4.0, 4.0]))
    assert torch.equal(clean[keep], x[keep])
    assert (clean[~keep] >= 0).all() and (clean[~keep] <= 1).all()


@pytest.mark.parametrize("sigma", [0.03, 0.5, 3.0])
def test_untrained_it_says_what_it_sees(sigma: float) -> None:
    """What x_t says by itself is known: the louder the noise, the less. Breaks when it is added with the wrong sign or
    scale.
    """
    roll = (torch.rand(1, FRAMES * VALUES) < 0.05).float()
    keep = torch.zeros_like(roll, dtype=torch.bool)
    clean = Composer(channels=8, width=16, layers=1)(roll, torch.tensor([sigma]), keep, torch.tensor([4.0]))
    odds = (clean / (1 - clean)).log()
    assert (odds[roll == 1].min() - odds[roll == 0].max()).item() == pytest.approx(1 / (sigma**2 + 0.25), rel=0.01)


def test_the_known_part_is_repeated_where_nothing_is_known() -> None:
    """Forwards behind it, backwards before it, from before in a gap; keys and pitch classes are counted. Breaks when
    the period is not found, or a repetition is out of step.
    """
    notes = [Note(at + shift, at + shift + 0.4, key) for at in range(0, 16, 2) for shift, key in ((0.1, 60), (1, 64))]
    roll = torch.from_numpy(roll_of(notes, 384))[None]
    for known in (slice(0, 160), slice(224, 384)):
        keep = torch.zeros(1, 384, dtype=torch.bool)
        keep[:, known] = True
        said = hints(roll, keep)
        marks = torch.where(keep[..., None], torch.zeros(88), roll[:, :, 0])
        assert (said[:, 8:-8, 2] - marks[:, 8:-8]).abs().max() < 1e-6
        assert said[0, 0, 0].nonzero()[:, 0].tolist() == [39, 43]
        assert said[0, 5, 1].nonzero()[:, 0].tolist() == [k for k in range(88) if k % 12 in (3, 7)]
    assert not hints(roll, torch.zeros(1, 384, dtype=torch.bool)).any()


def test_it_is_told_how_many_notes_are_wanted(network: Composer) -> None:
    """Breaks when the density never reaches the blocks: the user's knob would do nothing."""
    x, keep = torch.randn(1, FRAMES * VALUES), torch.zeros(1, FRAMES * VALUES, dtype=torch.bool)
    with torch.no_grad():
        for block in network.blocks:
            torch.nn.init.normal_(block.conv2.weight)  # type: ignore[union-attr, arg-type]
    few, many = (network(x, torch.tensor([1.0]), keep, torch.tensor([rate])) for rate in (1.0, 12.0))
    assert not torch.equal(few, many)


def test_the_shipped_one_is_small() -> None:
    """At most 5 million weights, 64 MB with all that is shipped."""
    assert sum(parameter.numel() for parameter in load_composer().network.parameters()) <= 5_000_000


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"kind": "listener"}, "holds no composer"),
        ({"levels": "many"}, "is not the config of a composer"),
        ({"hop_seconds": 3.0}, "out of range"),
        ({"schedule": {"sigma_min": 1}}, "does not describe a composer"),
        ({"architecture": {"voices": 4}}, "has no .voices."),
    ],
)
def test_a_card_that_is_not_sound_is_refused(tmp_path: Path, changes: dict[str, object], says: str) -> None:
    folder = write_composer(tmp_path / "composer")
    (folder / CONFIG_NAME).write_text(json.dumps(CARD | changes))
    with pytest.raises(NetworkError, match=says):
        load_composer(folder)


def test_a_missing_folder_and_weights_of_another_are_refused(tmp_path: Path) -> None:
    with pytest.raises(NetworkError, match="holds no composer"):
        load_composer(tmp_path / "nowhere")
    folder = write_composer(tmp_path / "composer")
    (folder / CONFIG_NAME).write_text(json.dumps(CARD | {"architecture": CARD["architecture"] | {"channels": 12}}))
    with pytest.raises(NetworkError, match="do not fit"):
        load_composer(folder)


def test_it_is_no_network_that_extends_audio(tmp_path: Path) -> None:
    """A clear word for who gives it to --network."""
    with pytest.raises(NetworkError, match="pianodiff compose"):
        find_network(str(write_composer(tmp_path / "composer")))
    assert parse_composer(CARD, tmp_path).name == tmp_path.name
