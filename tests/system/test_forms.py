"""forms - a pool of workers serves two callers at once, and a server answers a caller later than it was called."""
from conftest import Machine


def test_pool_and_later_answers_reach_their_callers():
    machine = Machine("--system", "forms")
    seen = {}
    for _ in range(2):
        match = machine.expect(r"client([12]): pool (\d+) (\d+), later (\d+) (\d+)\s")
        seen[match[1]] = match.groups()[1:]
    assert seen == {"1": ("0", "10", "0", "100"), "2": ("0", "20", "0", "200")}
    machine.quit()
