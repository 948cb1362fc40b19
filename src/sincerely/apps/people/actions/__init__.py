"""Writes of the people domain."""
