"""What is drawn. A view reads the session and listens to its signals, and never writes another view.

Waveform, pitch and the diffusion strip (diffusion.py places state_plot, curves, plan_diagram, scrub) lie under one
axis of time; controls.py places the parts of the panel at the right. What is shown, apart from how, is in panel.py
and run_words.py, without a widget. Imports everything below: `networks`, `actions`, `work`, `session`, `look`.
Begin with plots.py, which all plots share.
"""
