"""Two to four samplers make the same stretch from the same noise, side by side, and one becomes the take.

duel.py runs them through the worker; setup.py asks who takes part; view.py places a lane for each (lane.py) and their
curves (similarity.py). Figures, words and audio of the lanes are apart from what is drawn (verdict, words, audio).
Imports `views` and everything below. Begin with duel.py.
"""
