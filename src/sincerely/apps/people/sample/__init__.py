"""The pet shop: invented people and an invented past, to try everything on."""
