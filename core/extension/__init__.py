"""One job, from a recording to a longer one: settings, the plan of windows, the windows themselves, seam, recipe,
files.

May import networks, diffusion, analysis and audio. Begin with `run` (from file to file), then `extension` (windows
one after the other: eq. 14 and 15 and Fig. 1 of the paper) and `plan` (what each window sees); `settings` is all that
a user may choose, `recipe` what makes the same samples again. `composing` is the same for notes instead of samples, and
`planning` hears what it goes on from. `mending` and `mend_run` change notes of a recording and keep the rest.
"""
