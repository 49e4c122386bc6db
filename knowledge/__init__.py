"""What the office knows: records with source and date, opening hours, place names, and how to find them.

May import ``bot.storage`` and the shared modules (settings, errors); never Rasa, aiohttp or a channel.
"""
