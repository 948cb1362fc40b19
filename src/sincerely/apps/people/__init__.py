"""What touches all of a person: contact page, import, export, why or why not."""
