"""What processes that share fits (nmfkit.mpi) must have in common before the library sees it."""

import numpy as np

comm = None  # mpi4py's communicator while this process is attached


def seed(random_state):
    """`random_state`; where it is None, a number that all processes have: NumPy's own is another in each."""
    if random_state is not None or comm is None:
        return random_state
    return comm.bcast(int(np.random.randint(2 ** 31 - 1)), root=0)
