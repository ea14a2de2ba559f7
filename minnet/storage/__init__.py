"""Files: what is kept on disk, and how it is read without trusting it.

archive      the file format of checkpoints: named arrays and a header, checked before anything is allocated
description  a network as text and back
downloads    data sets that are fetched on request
"""
