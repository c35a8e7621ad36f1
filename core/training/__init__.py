"""Training a network on a folder of recordings or scores.

May import extension (to let a network play) and the rooms below; not study. Begin with `loop`, the story of a run,
which says where each step from folder to loss is; `objectives` is what a network learns (eq. 13 of the paper, and
EDM's).
"""
