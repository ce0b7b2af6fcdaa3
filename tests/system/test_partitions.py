"""partitions - what a component sees of time depends on the schedule alone, not on what other partitions do."""
import re

import pytest

from conftest import Machine

TICKS_PER_US = 10  # virt
WINDOWS = [(0, 4000), (7000, 1000)]  # of red, in a cycle of 10000 us
CYCLE = 10000
LATE = 20  # us: the window begins when the kernel is done with the interrupt


def slots(system):
    """What the probe saw: begin (from that of its first whole slot), length, looks at the clock."""
    machine = Machine("--system", system, extra=("-icount", "shift=0,sleep=off"))
    machine.expect("slots: done")
    machine.quit()
    return [tuple(map(int, row)) for row in re.findall(r"^slot (\d+) (\d+) (\d+)$", machine.text(), re.M)]


@pytest.fixture(scope="module")
def busy():
    return slots("partitions_busy")


@pytest.fixture(scope="module")
def idle():
    return slots("partitions_idle")


@pytest.mark.parametrize("name", ["busy", "idle"])
def test_a_partition_runs_in_its_windows_and_in_no_others(name, request):
    seen = request.getfixturevalue(name)
    assert len(seen) == 23
    lengths = [length / TICKS_PER_US for _, length, _ in seen]
    first = min((0, 1), key=lambda n: abs(lengths[0] - WINDOWS[n][1]))
    for n, (begin, length, _) in enumerate(seen):
        cycle, window = divmod(n + first, len(WINDOWS))
        at = cycle * CYCLE + WINDOWS[window][0] - WINDOWS[first][0]
        assert abs(begin / TICKS_PER_US - at) <= LATE, (n, begin)
        assert 0 <= WINDOWS[window][1] - length / TICKS_PER_US <= LATE, (n, length)


def test_a_busy_neighbour_changes_nothing_that_a_partition_sees(busy, idle):
    for one, other in zip(busy, idle):
        assert abs(one[0] - other[0]) <= 1 * TICKS_PER_US, (one, other)  # the end of a wait and of a loop differ by some instructions
        assert abs(one[1] - other[1]) <= 1 * TICKS_PER_US, (one, other)
        assert abs(one[2] - other[2]) <= one[2] / 1000, (one, other)
