"""What is: the open recording and its takes, what is asked for, what the engine is at, undo; as files, and in memory.

A `Session` holds a `Choice` (what the next run is made with) and an `Engine` (the running job); a `Timeline` is one
version of the recording, a `Take` has a name for it. Setters emit only on change, times are in seconds. Nothing here
draws, plays or starts a thread. Imports `look` (its wording) only. Begin with timeline.py, then session.py.
"""
