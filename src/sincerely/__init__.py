"""Sincerely: e-mail marketing that people run themselves, built around engagement."""

__version__ = "0.1.0"
