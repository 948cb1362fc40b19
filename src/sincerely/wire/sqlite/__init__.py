"""Django's SQLite backend behind a fair turnstile, with the functions our SQL needs."""
