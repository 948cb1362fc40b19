"""Settings, URL root and entry points."""
