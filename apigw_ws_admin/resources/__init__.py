"""What is imported and exported, and how it is written."""

from __future__ import annotations
