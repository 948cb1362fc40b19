"""Decisions of the sending domain; pure: values in, decisions out."""
