"""The window around it all: it places things and decides nothing.

`window.py` makes the models, the views and the presenters and gives each what it needs: the place to begin. `menus.py`,
`toolbar.py` and `status_bar.py` are its edges. Imports every room; only the entries (`app.py` and its like) import it.
"""
