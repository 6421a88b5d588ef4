from tradeoff.cli.app import main

__all__ = ["main"]
