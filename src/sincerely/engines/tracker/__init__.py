"""Takes opens, clicks and one-click unsubscribes: durable before the answer, no Django."""
