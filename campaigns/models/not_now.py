"""What a verb says when it does not fit. The texts are for the user; nothing has changed."""


class NotNow(Exception):
    """The verb does not fit the campaign's state."""


class TemplateConflict(NotNow):
    """Somebody saved a newer version in between."""
