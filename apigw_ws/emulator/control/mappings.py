"""Where a request to a custom domain goes."""

from __future__ import annotations

from apigw_ws.emulator import hosts
from apigw_ws.emulator.control.tables import Tables


def resolve(tables: Tables, host: str, path: str) -> tuple[str, str, str] | None:
    """The API, the stage and the rest of the path; the longest mapping key that fits wins."""
    domain = domain_of(tables, host)
    mappings = tables.under("ApiMapping", domain) if domain else []
    for mapping in sorted(mappings, key=lambda each: len(each.get("ApiMappingKey", "")), reverse=True):
        prefix = f"/{key}" if (key := mapping.get("ApiMappingKey")) else ""
        if path == prefix or path.startswith(f"{prefix}/"):
            return mapping["ApiId"], mapping["Stage"], path.removeprefix(prefix)
    return None


def domain_of(tables: Tables, host: str) -> str | None:
    """The custom domain that a ``Host`` header means; its own record goes before a wildcard's above it."""
    name = hosts.name_of(host)
    wildcard = f"*.{name.partition('.')[2]}"
    return next((each for each in (name, wildcard) if tables.get("DomainName", each)), None)
