"""The command line: one file a subcommand, each with its own options and what it does.

May import every room; imported by none (the window's package starts it). Begin with `main` (the parser, and what
becomes of an error), then `extend`; what commands share is in `run_options`, `running`, `evaluation` and `console`.
"""
