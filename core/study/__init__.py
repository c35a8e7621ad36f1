"""Judging networks and samplers: cases from held-out recordings, continuations, figures, intervals, tables, and the
paper's figures 2 to 6; and a test bed with known answers.

May import extension and the rooms below; not training. Begin with `evaluate`, then `metrics` (a column each);
`report` writes a study, `figures` draws it, `cluster` shares the work, `testbed` needs no network; `transcription`
judges a listener, `composing` a composer.
"""
