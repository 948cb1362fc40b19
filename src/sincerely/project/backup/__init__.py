"""Backup and restore: a folder that holds all of an installation but, as a rule, its secret."""
