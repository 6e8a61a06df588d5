"""Graph's error answers: one exception that knows its body (https://learn.microsoft.com/graph/errors)."""

import uuid
from datetime import UTC, datetime
from typing import Any

from starlette.responses import JSONResponse

WWW_AUTHENTICATE = (
    'Bearer realm="", authorization_uri="https://login.microsoftonline.com/common/oauth2/authorize", '
    'client_id="00000003-0000-0000-c000-000000000000"'
)


class GraphError(Exception):
    """Refuses a request. `code` is what callers branch on; `headers` are added to the answer."""

    def __init__(self, status: int, code: str, message: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(message)
        self.status, self.code, self.message, self.headers = status, code, message, headers or {}


def access_denied() -> GraphError:
    return GraphError(403, "ErrorAccessDenied", "Access is denied. Check credentials and try again.")


def not_found() -> GraphError:
    return GraphError(404, "ErrorItemNotFound", "The specified object was not found in the store.")


def invalid_token(message: str, claims: str = "") -> GraphError:
    challenge = f'{WWW_AUTHENTICATE}, error="insufficient_claims", claims="{claims}"' if claims else WWW_AUTHENTICATE
    return GraphError(401, "InvalidAuthenticationToken", message, {"WWW-Authenticate": challenge})


def throttled(limit: str, seconds: float) -> JSONResponse:
    """429 as Exchange says it; the body has no innerError."""
    return JSONResponse(
        {"error": {"code": "ApplicationThrottled", "message": f"Application is over its {limit} limit."}},
        429,
        {"Retry-After": f"{seconds:g}", "RateLimit-Exceeded": limit},
    )


def error_response(error: GraphError, client_request_id: str | None = None) -> JSONResponse:
    request_id = str(uuid.uuid4())
    body: dict[str, Any] = {
        "code": error.code,
        "message": error.message,
        "innerError": {
            "date": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S"),
            "request-id": request_id,
            "client-request-id": client_request_id or request_id,
        },
    }
    return JSONResponse({"error": body}, error.status, {"request-id": request_id, **error.headers})
