"""The contact's own pages: unsubscribe and what follows."""
