"""Pages of lists and custom fields; the contact list and page are in `people`."""
