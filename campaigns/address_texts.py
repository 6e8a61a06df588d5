"""What is said about addresses, in the active language. Apart from them, since their reader needs no Django."""

from django.utils.translation import gettext as _


def not_an_address(text: str) -> str:
    return _("“%(text)s” is not a mail address.") % {"text": text}
