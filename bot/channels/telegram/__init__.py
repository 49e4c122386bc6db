"""Telegram: updates in (long polling or webhook), messages out (pacing, keyboards, documents). See docs/telegram.md.

Imported by ``bot.app`` alone; imports ``bot.conversations`` and what is below it, and python-telegram-bot.
Everything that must not be lost is in the database: a process may die between any two lines.
"""
