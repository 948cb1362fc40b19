"""Every criterion of the language, by subject; importing this package registers them."""

from sincerely.apps.segments.rules.criteria import fields, labels, mail, rollups, standing

__all__ = ["fields", "labels", "mail", "rollups", "standing"]
