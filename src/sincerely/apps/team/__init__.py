"""Members, roles, API keys, brands and the audit trail."""
