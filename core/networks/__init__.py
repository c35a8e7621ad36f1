"""The networks: their cards, their architectures, their files, and other people's checkpoints in `foreign`.

May import diffusion and the rooms below. Begin with `card` (what a network says of itself), then `registry` (which
one a name means) and `checkpoint` (from a card to a denoiser); `diffwave` is the paper's network, `spectral_unet`
ours, `listener` hears notes and `composer` goes on from them.
"""
