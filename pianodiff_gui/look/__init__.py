"""How everything looks and reads: colours, type and icons (theme, style.qss), numbers and names as people say them
(wording), labels and menus, and the two ways to speak to the user in a window of its own (dialogs).

The lowest room: it imports only `core`, and knows nothing of recordings and runs. Begin with theme.py.
"""
