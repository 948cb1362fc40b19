"""Reads of the people domain."""
