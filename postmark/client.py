"""One mail through Postmark, by postmarker. The only place that knows Postmark's HTTP.

Answers and codes: https://postmarkapp.com/developer/api/overview#error-codes
"""

from dataclasses import dataclass, field

import requests
from django.conf import settings
from postmarker.core import PostmarkClient
from postmarker.exceptions import ClientError
from urllib3.exceptions import NewConnectionError

TIMEOUT = 10.0  # seconds; postmarker itself would wait for ever
WAIT = 60.0  # seconds, where Postmark names none
BUSY = {408, 425, 429}


@dataclass(frozen=True)
class Notification:
    """A mail to one of our own users. `metadata` comes back in Postmark's webhooks: at most 10 keys of 20
    characters, values of 80."""

    to: str
    subject: str
    html: str = field(repr=False)
    text: str = field(repr=False)
    tag: str = ""
    metadata: dict[str, str] = field(default_factory=dict)
    message_stream: str = "outbound"


class Later(Exception):
    """Try again after `seconds`. `maybe_sent`: no answer came, so it may have gone all the same."""

    def __init__(self, seconds: float, reason: str, maybe_sent: bool = False) -> None:
        super().__init__(reason)
        self.seconds = seconds
        self.maybe_sent = maybe_sent


class Refused(Exception):
    """Postmark will not take this mail, however often it is tried. `code` is Postmark's ErrorCode, 0 if it
    gave none."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(f"{message} ({code})" if code else message)
        self.code = code
        self.message = message


def send(notification: Notification) -> str:
    """Hand it to Postmark; its MessageID. Raises Later or Refused.

    The client is made for this one call: it shows its token in its repr, so nothing should hold on to it.
    """
    client = PostmarkClient(
        server_token=settings.POSTMARK_SERVER_TOKEN, root_api_url=settings.POSTMARK_URL, timeout=TIMEOUT
    )
    with client.session:
        try:
            answer = client.emails.send(
                From=settings.POSTMARK_FROM,
                To=notification.to,
                Subject=notification.subject,
                HtmlBody=notification.html,
                TextBody=notification.text,
                Tag=notification.tag or None,
                Metadata=notification.metadata or None,
                MessageStream=notification.message_stream,
            )
        except ClientError as error:
            raise _refusal(error.__cause__, error.error_code, str(error)) from None
        except KeyError as error:  # postmarker reads ErrorCode in every error body; some have none
            raise _refusal(error.__context__, 0, "") from None
        except requests.HTTPError as error:  # the body is not JSON
            raise _refusal(error, 0, "") from None
        except requests.RequestException as error:
            if _never_connected(error):
                raise Later(WAIT, "Postmark could not be reached.") from None
            raise Later(WAIT, f"Postmark did not answer: {type(error).__name__}", maybe_sent=True) from None
    return str(answer["MessageID"])


def _never_connected(error: requests.RequestException) -> bool:
    """No connection, no mail: an unknown name, nobody listening, no answer to the first packet."""
    reason = getattr(error.args[0], "reason", None) if error.args else None  # urllib3's MaxRetryError has it
    return isinstance(error, requests.ConnectTimeout) or isinstance(reason, NewConnectionError)


def _refusal(error: BaseException | None, code: int, message: str) -> Later | Refused:
    response = error.response if isinstance(error, requests.HTTPError) else None
    status = 0 if response is None else response.status_code
    message = message.removeprefix(f"[{code}] ") or f"Postmark answered {status}."
    if status in BUSY or status >= 500:
        return Later(_retry_after(response), message, maybe_sent=status >= 500 and status != 503)
    return Refused(code, message)


def _retry_after(response: requests.Response | None) -> float:
    """Seconds; Postmark does not promise the header, so anything else than a number is the usual wait."""
    try:
        return max(0.0, float(response.headers["Retry-After"])) if response is not None else WAIT
    except (KeyError, ValueError):
        return WAIT
