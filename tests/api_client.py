"""The HTTP API as an integrator uses it, for tests over the real stack."""

import time
from pathlib import Path
from typing import Any, Self

import httpx


class Api:
    """`/api/v1/` with a personal token. Every refusal raises."""

    def __init__(self, app_url: str, token: str) -> None:
        self.client = httpx.Client(
            base_url=f"{app_url}/api/v1/",
            headers={"Authorization": f"Bearer {token}"},
            timeout=30,
            trust_env=False,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.client.close()

    def call(self, method: str, path: str, **more: Any) -> Any:
        answer = self.client.request(method, path, **more)
        assert answer.is_success, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json()

    def campaign(
        self, name: str, file: Path | tuple[str, bytes], subject: str, html: str, tracking: bool = False
    ) -> int:
        """A campaign that is ready to be launched; its id."""
        campaign_id: int = self.call("POST", "campaigns", json={"name": name})["id"]
        self.upload(campaign_id, file)
        template = {"subject": subject, "html": html, "tracking": tracking}
        self.call("PUT", f"campaigns/{campaign_id}/template", json=template)
        return campaign_id

    def upload(self, campaign_id: int, file: Path | tuple[str, bytes]) -> dict[str, Any]:
        name, content = file if isinstance(file, tuple) else (file.name, file.read_bytes())
        self.call("POST", f"campaigns/{campaign_id}/spreadsheet", files={"file": (name, content)})
        return self.wait(campaign_id, lambda told: told["status"] != "importing", 30)

    def launch(self, campaign_id: int) -> None:
        self.call("POST", f"campaigns/{campaign_id}/launch")

    def told(self, campaign_id: int) -> dict[str, Any]:
        told: dict[str, Any] = self.call("GET", f"campaigns/{campaign_id}")
        return told

    def wait(self, campaign_id: int, until: Any, seconds: float) -> dict[str, Any]:
        """What the campaign tells once `until(told)` holds; AssertionError when it does not in time."""
        deadline = time.monotonic() + seconds
        while True:
            told = self.told(campaign_id)
            if until(told):
                return told
            assert time.monotonic() < deadline, told
            time.sleep(0.2)
