"""The chapters: notebooks that reproduce the classic experiments, and the runner, python -m chapters."""
