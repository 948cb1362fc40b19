"""Pure rules about contacts: addresses and typed fields."""
