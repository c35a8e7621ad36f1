"""What is played: notes, from and to MIDI, as audio in outline (the sketch), as a roll, and heard in a recording.

May import networks and the rooms below. Begin with `note`; `midi` reads and writes files of them, `sketch` plays them
by additive synthesis, `matching` makes that sound like a recording, `listening` finds them in one; `frames` and
`roll` are what networks see of them.
"""
