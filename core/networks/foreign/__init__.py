"""Other people's networks: checkpoints of public codebases, read as numbers only and fitted to this engine.

One file a codebase says what it does differently. Below the registry, which asks `layouts`: begin reading there.
"""
