"""The rule language and the saved rules that select contacts."""
