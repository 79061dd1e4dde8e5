"""Comparing the tables with the stores, and the tables with themselves. Nothing is ever deleted."""
