"""Doors to the assistant: parse what comes, hand it to ``conversations``, render what goes. Channels never import each other."""
