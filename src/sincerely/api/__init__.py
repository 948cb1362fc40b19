"""The JSON API's root: authentication, errors, paging, idempotency."""
