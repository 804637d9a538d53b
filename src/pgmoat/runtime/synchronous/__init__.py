"""The runtime for threads, made from asynchronous."""
