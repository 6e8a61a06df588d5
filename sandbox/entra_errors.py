"""Entra ID's error answers (https://learn.microsoft.com/entra/identity-platform/reference-error-codes)."""

import uuid
from datetime import UTC, datetime
from typing import Any

from starlette.responses import JSONResponse


class EntraError(Exception):
    """`number` is the AADSTS code; `error` what an application branches on."""

    def __init__(self, number: int, error: str, text: str, *, status: int = 400, suberror: str = "") -> None:
        super().__init__(text)
        self.number, self.error, self.text, self.status, self.suberror = number, error, text, status, suberror

    def description(self) -> str:
        stamp = datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%SZ")
        trace, correlation = uuid.uuid4(), uuid.uuid4()
        ids = f"Trace ID: {trace} Correlation ID: {correlation} Timestamp: {stamp}"
        return f"AADSTS{self.number}: {self.text} {ids}"

    def response(self) -> JSONResponse:
        description = self.description()
        body: dict[str, Any] = {
            "error": self.error,
            "error_description": description,
            "error_codes": [self.number],
            "timestamp": description.rpartition("Timestamp: ")[2],
            "trace_id": description.partition("Trace ID: ")[2].partition(" ")[0],
            "correlation_id": description.partition("Correlation ID: ")[2].partition(" ")[0],
            "error_uri": f"https://login.microsoftonline.com/error?code={self.number}",
        }
        if self.suberror:
            body["suberror"] = self.suberror
        return JSONResponse(body, self.status, {"Cache-Control": "no-store"})


def not_consented(client_id: str, name: str) -> EntraError:
    return EntraError(
        65001,
        "invalid_grant",
        f"The user or administrator has not consented to use the application with ID '{client_id}' named"
        f" '{name}'. Send an interactive authorization request for this user and resource.",
        suberror="consent_required",
    )


def unknown_scope(scope: str) -> EntraError:
    return EntraError(
        650053,
        "invalid_client",
        f"The application asked for scope '{scope}' that doesn't exist on the resource.",
    )


def unknown_client(client_id: str) -> EntraError:
    return EntraError(
        700016,
        "unauthorized_client",
        f"Application with identifier '{client_id}' was not found in the directory.",
    )


def wrong_redirect(redirect_uri: str, client_id: str) -> EntraError:
    return EntraError(
        50011,
        "invalid_request",
        f"The redirect URI '{redirect_uri}' specified in the request does not match the redirect URIs"
        f" configured"
        f" for the application '{client_id}'.",
    )


def wrong_secret(client_id: str) -> EntraError:
    return EntraError(
        7000215,
        "invalid_client",
        "Invalid client secret provided. Ensure the secret being sent in the request is the client"
        " secret value,"
        f" not the client secret ID, for a secret added to app '{client_id}'.",
        status=401,
    )
