"""Mailings, links, raw signals, verdicts, events and rollups."""
