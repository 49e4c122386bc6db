"""Job offers from configured addresses: fetched with care, stored only when they can be believed.

The application runs `Feeds`; one replica at a time fetches. May import `knowledge` and `bot.storage`, never a channel.
"""
