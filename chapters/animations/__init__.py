"""Three pictures that move, of the README and the book: python -m chapters.animations

    twins.gif    the units of a net that starts from equal weights stay equal, those of a random net part
    edge.gif     the gradient in 50 layers as σ_w passes the edge of chaos
    filters.gif  what the units of two layers look for, while greedy pre-training goes on

The command takes about a minute. twins.py, edge.py and filters.py compute and draw, film.py writes the files.
"""
