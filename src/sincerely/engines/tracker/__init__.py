"""Answers opens, clicks and one-click unsubscribes: durable before it answers, without Django."""
