"""The Rasa assistant inside our process: training, loading, hot swap, trackers, actions.

With `bot/nlu` the only code that imports ``rasa``. May import ``actions`` and what lies below.
"""
