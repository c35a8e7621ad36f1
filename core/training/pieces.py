"""Which piece of music a file is of, by its name: what must not sit on both sides of the split into training and
validation.
"""

import re
import unicodedata

_NUMBER = r"\d[\d.,:]*(?:ms|s|secs?|seconds?|m|min|h)?(?:\d+(?:ms|s|secs?|m|min))*"
_WORD = (
    r"(?:at|chunk|clip|copy|crop|cut|end|excerpt|from|offset|part|pt|seg|segment|slice|split|start|take|to|v|ver|"
    r"version)"
)
_CUT = re.compile(rf"(?:^|[\s_.,+~#\-–(\[{{]+)(?:{_WORD}[\s_.\-]*{_NUMBER}|{_NUMBER}|copy)[)\]}}\s]*$")


def piece_name(name: str) -> str:
    """The piece that a file belongs to, of its name relative to the corpus' folder ("bach/prelude01_030s.flac").

    Cuts, takes and other renderings of one piece must never sit on both sides of the split, so files whose names
    differ only in the following count as one piece:

    1. the suffix, and upper or lower case;
    2. whatever follows "__" ("nocturne__upright", "nocturne__grand");
    3. numbers at the end that are set off by a space, "_", "-", ".", "#" or a bracket, with a unit or one of a few
       words before them or not, and "copy": "_030s", "-03", " (2)", "_1m30s", "_30-60", " (take 2)", "_part1",
       " v2", " copy". A number that belongs to a word stays: "prelude01", "op9".

    Subfolders are part of the name. A name of which nothing is left ("0001.wav") is called "#": all such files of a
    folder are one piece. Where the rule is wrong it puts too much into one piece, which only makes the split coarser.
    """
    *folders, stem = unicodedata.normalize("NFC", name).casefold().split("/")
    stem = stem.rpartition(".")[0] or stem
    rendering = stem.find("__", 1)
    if rendering > 0:
        stem = stem[:rendering]
    while (shorter := _CUT.sub("", stem)) != stem:
        stem = shorter
    return "/".join([*folders, stem.strip(" _.-") or "#"])
