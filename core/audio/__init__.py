"""A file's samples, in and out: opening and reading, the level of the playing, the stereo image, exporting bit for
bit.

May import only core's loose files (errors and such): no room lies below this one. Begin with `source` (an opened
file) and `export` (the original untouched, the new audio beside it); `signal` has what works on samples in memory, and
`metadata` what a file holds beside them.
"""
