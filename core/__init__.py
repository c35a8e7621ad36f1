"""PianoDiff's engine: everything the window can do, without a window.

Rooms, from top to bottom; each imports only rooms below it (`[tool.importlinter]` in pyproject.toml keeps it so,
and keeps Qt, pyqtgraph and sounddevice out):

    commands            the command line, one file a subcommand
    study, training     judging networks and samplers; making networks
    extension           one job from a recording to a longer one
    networks            cards, architectures, files
    diffusion           schedule, denoiser, walk, solver, conditioning, the loop, the samplers
    analysis            pitch, peaks, spectra, similarity
    audio               files in and out, level, stereo image
    assets, device, errors, wording     loose files for all of them

Where the paper's rules are (Wang and Kang, "Pseudo autoregressive inference using diffusion model for piano audio
synthesis"):

    eq. 1-8    forward noising              diffusion/schedule.py
    eq. 9-10   the reverse process          diffusion/sampling.py (the loop), diffusion/solver.py (a step)
    eq. 11-13  what a network learns        training/denoising.py; the network: networks/diffwave.py
    eq. 14-15  extending, Fig. 1 stacking   extension/extension.py, extension/plan.py
    eq. 16-18  replacement, "do-nothing"    diffusion/conditioning.py (Replace)
    RePaint    its jumps                    diffusion/walk.py (repaint)
    eq. 19     lambda, Fig. 2               diffusion/lambdas.py
    eq. 20-21  interpolation guidance       diffusion/conditioning.py (Interpolate)
    Fig. 3     KS similarity                analysis/similarity.py
    Fig. 6     YIN pitch                    analysis/pitch.py; all 88 keys: analysis/tracking.py
    figures 2 to 6 drawn                    study/figures.py
    the authors' program, where it differs  diffusion/authors.py
"""

import os

# Before torch is loaded. By default its threads wait for each other by spinning, and where anything else wants a core
# (another program, the window itself) a run takes up to four times as long. Asleep, they leave the core to it.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

# Before numpy is loaded. Its matrices are small here: a second thread gains nothing, and spins while it waits.
# Sketching notes takes five times as long by two threads where anything else wants a core.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

__version__ = "0.1.0"
