"""What is played: notes, from and to MIDI, as audio in outline (the sketch), and heard in a recording (the listener).

May import networks and the rooms below. Begin with `note`; `midi` reads and writes files of them, `sketch` plays them
by additive synthesis, `matching` makes that sound like a recording, `listening` finds them in one.
"""
