"""Import and export: what is in the files, and how they are read and written."""

from __future__ import annotations
