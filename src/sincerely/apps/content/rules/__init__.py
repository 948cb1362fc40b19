"""Pure rules of content: the document, its blocks, the compiled form."""
