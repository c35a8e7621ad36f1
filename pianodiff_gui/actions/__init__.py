"""What can be done, declared: every action with its shortcut, its words, and the condition under which it is offered.

`situation.py` has the facts that conditions go by: plain values, and the session. One file a menu holds the
declarations (`file.py`, `edit.py` ...); `actions.py` makes QActions of them. What an action does is the presenters'
business. Imports `session` and `look`. Begin with `run.py`, a short one.
"""
