"""Read by every Python that has this folder on its PYTHONPATH: xtquant's native module is the simulator's here.

A machine without a terminal is made to look like one with it, for the processes of a test and from outside: the program
itself knows no way to trade live over the simulator.
"""

from filebridge.simulator import native

native.install()
