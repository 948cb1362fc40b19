"""The page frame: layout, components, navigation, charts, home and search."""
