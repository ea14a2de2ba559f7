"""Runs that are too long for the tests; each is a module: python -m tests.campaigns.NAME."""
