"""Why reading faces and hearing speech fails, by what the caller does next. (models/fetch_errors.py has those of fetching files.)"""


class ModelsError(Exception):
    """Root of this package's errors, but for those of fetching files."""


class FaceReadingError(ModelsError):
    """A face cannot be read."""


class ParametersUnusable(FaceReadingError):
    """The committed network or head cannot be used: stop and tell a technician."""


class LabelsUnusable(FaceReadingError):
    """A list of labelled pictures cannot be used: say why and measure nothing."""


class PictureUnreadable(FaceReadingError):
    """One file cannot be scored; say `key` about it and go on with the next."""

    def __init__(self, key: str, sentence: str) -> None:
        super().__init__(sentence)
        self.key = key
