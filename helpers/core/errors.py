"""UserError, for everything that a user can fix; it costs nothing to import."""


class UserError(ValueError):
    """Something that the reader can mend: its message is one clear sentence."""
