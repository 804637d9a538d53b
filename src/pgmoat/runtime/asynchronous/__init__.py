"""The runtime for asyncio. The files of ``synchronous`` are made from these, see scripts/generate_sync.py."""
