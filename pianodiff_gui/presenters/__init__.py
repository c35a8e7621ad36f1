"""What the user does, and what follows from it: one QObject for each concern.

Each knows the models and views it needs and nothing of the window around them, so that it can be built and tested
without one; all of them speak to the user through `conversation.py`. Imports every room but `shell`. Begin with
`running.py`, from the button to what is said when a run has ended; `offering.py` keeps the actions true.
"""
