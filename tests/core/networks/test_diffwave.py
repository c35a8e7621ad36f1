"""DiffWave as mathematics."""


import torch

from core.networks.diffwave import DiffWave


def test_diffwave_is_the_papers() -> None:
    """30 layers of 64 channels: 2.3 million weights and a receptive field of 6139 samples, no more and no less."""
    network = DiffWave()
    assert round(sum(p.numel() for p in network.parameters()) / 1e6, 1) == 2.3
    torch.nn.init.normal_(network.output_projection.weight)
    x = torch.zeros(1, 1, 8001, requires_grad=True)
    network(x, torch.tensor([3.0]))[0, 0, 4000].backward()
    assert x.grad is not None
    touched = torch.nonzero(x.grad[0, 0])[:, 0]
    assert int(touched.max() - touched.min()) + 1 == 6139
