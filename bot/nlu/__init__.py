"""Rasa graph components of our own: reading Italian (gazetteers), classifying intents. May import ``knowledge`` and ``rasa``."""
