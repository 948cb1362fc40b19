"""Subscription types, permission and its proof, suppression, tracking tier."""
