"""The engine, as small ideas that compose: a noise schedule, a denoiser, a walk over noise levels, a solver for each
step down, a conditioning that brings the known audio in, and one loop.

Knows no network and no settings. May import analysis, audio and core's loose files, and needs only errors. Begin with
`sampling` (the loop, 20 lines), then `samplers` (what the menu offers, put together from the rest); `own_sampler`
loads a user's. The paper's equations: `schedule` 2 to 8, `solver` 10, `conditioning` 16 to 18 and 20 to 21, `lambdas`
19.
"""
