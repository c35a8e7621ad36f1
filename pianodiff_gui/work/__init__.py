"""Work that takes time, done in threads of its own, and nowhere else: running a job, reading a file, measuring takes.

A worker is told by a queued signal and answers by one; pictures of a run go through a one-slot mailbox. Every request
has an id or a flag by which a late answer is dropped. Imports `session` and `look`. Begin with worker.py.
"""
