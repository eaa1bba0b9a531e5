"""The wizard: makes a new gateway step by step, and shows its progress."""
