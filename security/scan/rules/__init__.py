"""Our own rules, one file a family, and the data flow that some of them rest on.

No rule names a file or a symbol of this project: they are written for any Python backend.
"""
