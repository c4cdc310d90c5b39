"""One module for each kind of work; each compares filebridge with the program by hand, doing the same."""
