"""How samples are stored: libsndfile's sample types, which of them hold which exactly, and rounding between them."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import numpy.typing as npt

SampleType = Literal["int16", "int32", "float32", "float64"]
"""A type in which samples are decoded."""

FLOAT_SUBTYPES = ("FLOAT", "DOUBLE")
"""Subtypes that can hold NaN, infinity and values beyond full scale."""

SUBTYPES = {
    "WAV": ("PCM_U8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE"),
    "FLAC": ("PCM_S8", "PCM_16", "PCM_24"),
}
"""The subtypes that can be written, by container."""

BYTES = {"PCM_S8": 1, "PCM_U8": 1, "PCM_16": 2, "PCM_24": 3, "PCM_32": 4, "FLOAT": 4, "DOUBLE": 8}
"""Of a sample, by subtype."""

_PCM_BITS = {"PCM_S8": 8, "PCM_U8": 8, "PCM_16": 16, "PCM_24": 24, "PCM_32": 32}
_LOSSLESS = {*_PCM_BITS, *FLOAT_SUBTYPES, "ULAW", "ALAW", "ALAC_16", "ALAC_20", "ALAC_24", "ALAC_32"}
# Encodings that decode to integers, and the bits these need.
_DECODED_BITS = {
    **dict.fromkeys(("ULAW", "ALAW", "IMA_ADPCM", "MS_ADPCM", "GSM610", "VOX_ADPCM", "ALAC_16"), 16),
    **dict.fromkeys(("ALAC_20", "ALAC_24"), 24),
    "ALAC_32": 32,
}
_NAMES = {
    "VORBIS": "Ogg Vorbis",
    "OPUS": "Opus",
    "MPEG_LAYER_I": "MP1",
    "MPEG_LAYER_II": "MP2",
    "MPEG_LAYER_III": "MP3",
    "FLOAT": "32-bit float",
    "DOUBLE": "64-bit float",
}


def noise_floor(subtype: str) -> float:
    """The least RMS that music can have in that sample type, full scale being 1: one step of its integers, or of the 16
    bits that lossy encodings are made for, or 24 bits for floats. Dither is half of that.
    """
    bits = 24 if subtype in FLOAT_SUBTYPES else _PCM_BITS.get(subtype) or _DECODED_BITS.get(subtype, 16)
    return float(2.0 ** (1 - min(bits, 24)))


def pcm_bits(subtype: str) -> int | None:
    """Bits of an integer sample type by libsndfile's name ("PCM_16" -> 16), None for every other type."""
    return _PCM_BITS.get(subtype)


def is_lossy(subtype: str) -> bool:
    """Whether that encoding is lossy (MP3, Ogg Vorbis, ...), so that only its decode can be kept."""
    return subtype not in _LOSSLESS


def nearest_subtype(own: str, container: str) -> str:
    """The sample type that holds `own` exactly in `container`, or the widest there is."""
    if own in SUBTYPES[container]:
        return own
    if own in ("PCM_S8", "PCM_U8"):
        return "PCM_U8" if container == "WAV" else "PCM_S8"
    if own in _DECODED_BITS:
        exact = f"PCM_{_DECODED_BITS[own]}"
        return exact if exact in SUBTYPES[container] else "PCM_24"
    return "PCM_24" if container == "FLAC" else "FLOAT"


def transport(own: str, target: str) -> SampleType:
    """The type in which samples travel from the source to the target without a needless change."""
    if target == "DOUBLE":
        return "float64"
    if target == "FLOAT":
        return "float32"
    return "int32" if pcm_bits(own) is not None or own in _DECODED_BITS else "float64"


def fit(block: npt.NDArray[Any], target: str) -> npt.NDArray[Any]:
    """Samples of shape (frames, channels) as libsndfile has to get them to store them in `target` unchanged."""
    bits = pcm_bits(target)
    if bits is None:
        return block
    if block.dtype == np.int32:
        shift = 32 - bits
        if not shift or not (block & ((1 << shift) - 1)).any():
            return block  # nothing to round
        rounded = (block.astype(np.int64) + (1 << (shift - 1))) >> shift
        capped = np.minimum(rounded, (1 << (bits - 1)) - 1)
        return np.asarray(capped << shift, np.int32)
    # Full scale is 2^(bits - 1), as on reading; libsndfile's own conversion of floats writes
    # 2^(bits - 1) - 1.
    scale = float(1 << (bits - 1))
    whole = np.clip(np.rint(block.astype(np.float64) * scale), -scale, scale - 1.0)
    return (whole.astype(np.int64) << (32 - bits)).astype(np.int32)


def type_name(subtype: str) -> str:
    """A sample type in words: "24 bit", "32-bit float", "MP3"."""
    bits = pcm_bits(subtype)
    return f"{bits} bit" if bits is not None else _NAMES.get(subtype, subtype.replace("_", " "))
