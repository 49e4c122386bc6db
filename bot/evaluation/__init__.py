"""Measuring the assistant on held-out questions: its answers, the search behind them, and what the search is weighed by.

Imported by the command line and by tests, never by what serves citizens. May import everything below the channels.
"""
