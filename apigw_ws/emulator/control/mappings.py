"""Where a request to a custom domain goes."""

from __future__ import annotations

from apigw_ws.emulator.control.tables import Tables


def resolve(tables: Tables, host: str, path: str) -> tuple[str, str, str] | None:
    """The API, the stage and the rest of the path; the longest mapping key that fits wins.

    A domain's own record goes before that of a wildcard above it. The host may have a port.
    """
    name = host.partition(":")[0].lower().rstrip(".")
    wildcard = f"*.{name.partition('.')[2]}"
    domain = next((each for each in (name, wildcard) if tables.get("DomainName", each)), None)
    mappings = tables.under("ApiMapping", domain) if domain else []
    for mapping in sorted(mappings, key=lambda each: len(each.get("ApiMappingKey", "")), reverse=True):
        prefix = f"/{key}" if (key := mapping.get("ApiMappingKey")) else ""
        if path == prefix or path.startswith(f"{prefix}/"):
            return mapping["ApiId"], mapping["Stage"], path.removeprefix(prefix)
    return None
