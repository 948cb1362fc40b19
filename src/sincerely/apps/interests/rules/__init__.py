"""Pure rules about interests: precedence of routes, strength, clicks, conversion."""
