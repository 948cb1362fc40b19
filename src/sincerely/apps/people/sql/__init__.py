"""Statements of the people domain that the ORM would make 20 times slower."""
