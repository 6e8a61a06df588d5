"""Graph's OpenAPI description as a judge of requests and answers.

`problems` takes entries of the sandbox's `GET /_control/requests`, recorded with `remember_bodies` on.
"""

import json
import re
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

Json = dict[str, Any]


def as_json_schema(node: Any) -> Any:
    """OpenAPI 3.0 → JSON Schema: `nullable` becomes one more type (and one more enum value)."""
    if isinstance(node, list):
        return [as_json_schema(one) for one in node]
    if not isinstance(node, dict):
        return node
    schema = {name: as_json_schema(value) for name, value in node.items() if name not in ("nullable", "discriminator")}
    if node.get("nullable"):
        if "type" in node:
            schema["type"] = [node["type"], "null"]
        if "enum" in node and None not in node["enum"]:
            schema["enum"] = [*node["enum"], None]
    return schema


class Description:
    """The description in a file; an operation is found by method and path."""

    def __init__(self, file: Path) -> None:
        self.document: Json = as_json_schema(json.loads(file.read_text()))
        self.operations = [
            (method.upper(), re.compile(self.pattern(path)), operation)
            for path, methods in self.document["paths"].items()
            for method, operation in methods.items()
            if isinstance(operation, dict)
        ]

    @staticmethod
    def pattern(path: str) -> str:
        plain = re.escape(path.replace("()", ""))
        return re.sub(r"\\\{[^}]+\\\}", "[^/]+", plain) + "$"

    def operation(self, method: str, path: str) -> Json | None:
        path = re.sub(r"\('([^']*)'\)", r"/\1", path.removeprefix("/v1.0")).replace("()", "")
        exact = sorted(self.operations, key=lambda one: one[1].pattern.count("[^/]+"))
        return next((found for verb, wanted, found in exact if verb == method and wanted.match(path)), None)

    def resolved(self, node: Json) -> Json:
        while "$ref" in node:
            target: Any = self.document
            for name in node["$ref"].removeprefix("#/").split("/"):
                target = target[name]
            node = target
        return node

    def errors(self, schema: Json, value: Any) -> list[str]:
        validator = Draft202012Validator({**schema, "components": self.document["components"]})
        return [f"{error.json_path}: {error.message[:200]}" for error in validator.iter_errors(value)]

    def problems(self, entry: Json) -> list[str]:
        """What the description has against a recorded request and its answer; empty when all is well."""
        name = f"{entry['method']} {entry['path']} {entry['status']}"
        operation = self.operation(entry["method"], entry["path"])
        if operation is None:
            return [f"{name}: not described"]
        asked = self.request_problems(operation, entry) if entry["status"] < 400 else []
        return [f"{name}: {problem}" for problem in [*asked, *self.answer_problems(operation, entry)]]

    def request_problems(self, operation: Json, entry: Json) -> list[str]:
        body = self.resolved(operation.get("requestBody", {}))
        text = entry["request_body"]
        if not body:
            return [f"a body that is not described: {text[:50]}"] if text.strip() not in ("", "{}") else []
        kind = entry["content_type"].partition(";")[0]
        if kind not in body["content"]:
            return [f"Content-Type {kind!r} is not described"]
        return self.errors(body["content"][kind]["schema"], json.loads(text)) if "json" in kind else []

    def answer_problems(self, operation: Json, entry: Json) -> list[str]:
        status = str(entry["status"])
        described = operation["responses"].get(status) or operation["responses"].get(f"{status[0]}XX")
        if described is None:
            return ["the status is not described"]
        content = self.resolved(described).get("content", {})
        if "application/json" not in content:
            return [] if not entry["response_body"] or content else ["an answer body that is not described"]
        return self.errors(content["application/json"]["schema"], json.loads(entry["response_body"] or "null"))
