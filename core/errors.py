"""The errors a user may see. Each message stands on its own: what happened, and what to do about it."""


class PianoDiffError(Exception):
    """Base of every error whose message is shown to the user as it stands, without a traceback."""


class AudioError(PianoDiffError):
    """An audio file or signal that cannot be worked with."""


class NotesError(PianoDiffError):
    """Notes, or a MIDI file of them, that can't be worked with."""


class NetworkError(PianoDiffError):
    """A network that is missing, corrupt or of a kind that is not understood."""


class SettingsError(PianoDiffError, ValueError):
    """A setting outside its range, or a name that does not exist."""


class SamplerError(PianoDiffError):
    """A sampler, most likely the user's own, that went wrong."""


class ExportError(PianoDiffError):
    """A file that could not be written. Nothing is left behind and nothing was overwritten."""
