"""The square where both streets meet, on one thread: receive, decide, submit, record, recover."""
