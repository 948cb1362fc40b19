"""Blocks, templates, MJML, personalisation, checks, preview."""
