"""A new gateway, step by step, and watching it come into being."""
