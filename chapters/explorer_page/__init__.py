"""The explorer as a page of the book: runs that were computed before, replayed in the browser."""
