"""
Pages on the interface: its document, the same for people, and what changed.
"""

from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

from starlette.requests import Request

from service.http.openapi import openapi
from service.http.respond import Response
from service.render import html as pages
from service.render.plain import HTML, JSON, to_json

PLAIN = b"text/plain; charset=utf-8"
_CHANGELOG = Path(pages.__file__).parent / "templates" / "CHANGELOG.md"


async def document(_request: Request) -> Response:
    """
    The interface as an OpenAPI document.
    """
    return Response(200, JSON, _document())


async def docs(_request: Request) -> Response:
    """
    The same as a page, which needs nothing from anywhere.
    """
    return Response(200, HTML, _docs())


async def changelog(request: Request) -> Response:
    """
    What changed: a page, or plain text for those who ask for that.
    """
    if _wants_plain(request.headers.get("accept", "")):
        return Response(200, PLAIN, _text().encode())
    return Response(200, HTML, _changelog())


PAGES = {"/openapi.json": document, "/docs": docs, "/changelog": changelog}
"""By path."""


def _wants_plain(accept: str) -> bool:
    kinds = {item.partition(";")[0].strip().lower() for item in accept.split(",")}
    return bool(kinds & {"text/plain", "text/markdown"}) and "text/html" not in kinds


@lru_cache(1)
def _document() -> bytes:
    return to_json(openapi())


@lru_cache(1)
def _docs() -> bytes:
    told = openapi()
    groups: dict[str, list[dict[str, Any]]] = {}
    for path, methods in told["paths"].items():
        for method, operation in methods.items():
            group = groups.setdefault(operation["tags"][0], [])
            group.append({"method": method.upper(), "path": path, **_shown(operation)})
    return pages.to_page("docs.html", info=told["info"], groups=groups, schemas=told["components"]["schemas"])


def _shown(operation: dict[str, Any]) -> dict[str, Any]:
    """
    What people read of an operation.
    """
    security = operation.get("security", [])
    return {
        "id": operation["operationId"],
        "summary": operation["summary"],
        "scope": "none" if not security else ", ".join(security[0]["key"]) or "any",
        "parameters": list(_parameters(operation)),
        "bodies": list(operation.get("requestBody", {}).get("content", {})),
        "answers": list(operation["responses"]["200"]["content"]),
    }


def _parameters(operation: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for one in operation.get("parameters", []):
        yield {"name": one["name"], "needed": one["required"], "says": one["description"], "may": _may(one["schema"])}
    for content in operation.get("requestBody", {}).get("content", {}).values():
        fields = content.get("schema", {})
        for name, field in fields.get("properties", {}).items():
            yield {
                "name": name,
                "needed": name in fields["required"],
                "says": field.get("description", ""),
                "may": _may(field),
            }
        return


def _may(schema: dict[str, Any]) -> str:
    """
    What a value may be, in a few words.
    """
    if "enum" in schema:
        return ", ".join(word or "empty" for word in schema["enum"])
    if schema.get("type") == "integer":
        return f"{schema['minimum']} to {schema['maximum']}"
    return ", ".join(schema.get("examples", ()))


@lru_cache(1)
def _changelog() -> bytes:
    from markdown_it import MarkdownIt  # noqa: PLC0415 - few ask, and every process would start later

    body = MarkdownIt("commonmark", {"html": False}).render(_text())
    return pages.to_page("changelog.html", body=body)


@lru_cache(1)
def _text() -> str:
    return _CHANGELOG.read_text(encoding="utf-8")
