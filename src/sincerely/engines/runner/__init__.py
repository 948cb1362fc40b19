"""The clock of the product: due campaigns, imports, exports, refreshes, seals."""
