"""What can be measured and drawn of audio: peaks for waveforms, pitch by YIN (Fig. 6 of the paper), spectra, and the
Kolmogorov-Smirnov similarity (Fig. 3).

May import audio. Every file stands for itself; begin with the one that is named after what you look for.
"""
