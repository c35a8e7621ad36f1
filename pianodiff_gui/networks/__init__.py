"""The networks there are to choose from, shipped and the user's own, and the card that says what one is like.

Reading one may take long, so it is done in the background. What is in use is the session's; choosing is a presenter's.
Imports `work`, `session` and `look`. Begin with networks.py.
"""
