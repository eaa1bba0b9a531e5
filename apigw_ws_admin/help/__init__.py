"""A page for each code of a failure: what it means, why it happens, what to do next.

``catalogue`` knows the pages, ``links`` leads to them; the other modules have the texts, a family each.
"""
