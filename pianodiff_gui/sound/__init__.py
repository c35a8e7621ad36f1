"""Playing: a stream whose callback only copies what is ready, and a playhead that never goes backwards.

Without a sound card everything else works; card.py says why there is none. It imports no other room, and no other
room imports sounddevice. Begin with player.py.
"""
