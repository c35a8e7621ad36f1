"""What an audio file holds beside its audio: tags, pictures, Broadcast WAV data, cue points and loops.

Read with bounds from any file, since what is malformed is left out and said, never an error; moved to where new audio
puts it; and written into WAV and FLAC files. Begin with `carried` (what there is, and its bounds) and `carrying` (from
a source's file into an export's). May import `chunks`, `sample_types` and `source`
of the room above it, and nothing that exports.
"""
