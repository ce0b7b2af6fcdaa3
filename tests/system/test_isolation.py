"""isolation - components that attack everything they can name or touch stop, or are refused; the rest goes on."""
import re

import pytest

READS = "read from where it may not"
WRITES = "wrote to where it may not"
JUMPS = "jumped to where it may not execute"
PRIVILEGED = "executed an illegal or privileged instruction"
FAULTS = {
    "null": READS, "kernel_read": READS, "kernel_write": WRITES, "kernel_jump": JUMPS, "physical": READS, "device": WRITES,
    "wild": WRITES, "text_write": WRITES, "data_jump": JUMPS, "guard": WRITES, "stack": "the stack overflowed",
    "csr_read": PRIVILEGED, "csr_write": PRIVILEGED, "sret": PRIVILEGED, "fence": PRIVILEGED, "wfi": PRIVILEGED,
    "float": PRIVILEGED,
}
ENDS = ("calls", "invocations", "flood", "nonsense")


@pytest.fixture(scope="module")
def attacked():
    """The system after every attack has come to its end, but for the endless loop; and what it printed until then."""
    from conftest import Machine
    machine = Machine("--system", "isolation")
    machine.prompt()
    for name in ENDS:
        wanted = f"attack_{name} has ended with code 0"
        if wanted not in machine.text():
            machine.expect(wanted, timeout=60)
    for _ in range(20):
        if all(f"attack_{name} faulted" in machine.text() for name in FAULTS):
            break
        machine.run("uptime")
    yield machine, machine.text()
    machine.quit()


@pytest.mark.parametrize("name", FAULTS)
def test_attack_ends_in_a_fault_that_names_the_cause(attacked, name):
    line = re.search(rf"attack_{name} faulted: .*", attacked[1])
    assert line and FAULTS[name] in line[0]


@pytest.mark.parametrize("name", ENDS)
def test_attack_through_the_kernel_comes_to_its_end(attacked, name):
    assert f"hostile: attack_{name} ends" in attacked[1]


def test_no_attack_succeeded(attacked):
    assert "was possible" not in attacked[1]


def test_every_unknown_system_call_was_refused(attacked):
    assert re.search(r"hostile: \d{4} unknown system calls were refused, 0 were not", attacked[1])


def test_every_invocation_answered_with_a_known_status(attacked):
    assert re.search(r"hostile: .* refused, 0 unknown", attacked[1])


def test_endless_loop_is_held_by_its_budget(attacked):
    machine = attacked[0]

    def used():
        return int(re.search(r"^attack_loop +exhausted +150 .* (\d+) +0$", machine.run("ps"), re.M)[1])

    def clock():
        h, m, s = re.search(r"up (\d+):(\d+):([\d.]+)", machine.run("uptime")).groups()
        return (int(h) * 60 + int(m)) * 60 + float(s)

    used_before, before = used(), clock()
    for _ in range(10):
        machine.run("help")
    share = (used() - used_before) / 1e6 / (clock() - before)
    assert 0 < share


def test_rest_of_the_system_goes_on(attacked):
    machine = attacked[0]
    text = machine.run("ps")
    for name in ("uart_driver", "console", "log", "hello_server", "shell"):
        assert re.search(rf"^{name} +(waiting|receiving|ready|awaits reply) .* 0$", text, re.M), name


def test_attacker_can_be_restarted_and_fails_again(attacked):
    machine = attacked[0]
    machine.run("restart attack_null")
    assert "restart 1" in machine.text() or "was built anew" in machine.text()
    machine.run("restart attack_null")
    assert re.search(r"^attack_null +(ready|faulted) .* 2$", machine.run("ps"), re.M)
