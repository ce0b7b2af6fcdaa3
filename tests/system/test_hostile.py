"""hostile - components that attack: each is stopped or refused, and the shell goes on."""
import re

import pytest

from conftest import Machine

FAULTS = {
    "null": "nobody's (a null pointer, most likely)", "kernel_read": "read from where it may not", "device": "0x10000000",
    "kernel_write": "wrote to where it may not", "kernel_jump": "jumped to where it may not execute", "physical": "0x80200000",
    "wild": "wrote to where it may not", "text_write": "its region `image`", "data_jump": "its region `image`",
    "guard": "wrote to where it may not", "stack": "the stack overflowed", "csr_read": "illegal or privileged instruction",
    "csr_write": "illegal or privileged instruction", "sret": "illegal or privileged instruction",
    "fence": "illegal or privileged instruction", "wfi": "illegal or privileged instruction",
    "float": "illegal or privileged instruction",
}
ENDS = ["calls", "invocations", "flood", "nonsense"]


@pytest.fixture(scope="module")
def log():
    """What the system said until the last attack ended, and then to a user."""
    machine = Machine("--system", "hostile", timeout=120)
    machine.expect(r"attack_flood has ended with code 0")
    machine.prompt()
    assert "alive" in machine.run("echo alive")
    machine.states = machine.run("ps")
    machine.child.send("poweroff\r")
    assert machine.end() == 0
    return machine


def said(log):
    """The system's output without the source lines that the launcher puts in between."""
    return re.sub(r"\n    \w+\+0x[0-9a-f]+ is in [^\n]*\n", "", log.text())


@pytest.mark.parametrize("attack", FAULTS)
def test_attack_ends_in_a_fault(log, attack):
    (fault,) = re.findall(rf"attack_{attack} faulted: (.*)", said(log))
    assert FAULTS[attack] in fault


@pytest.mark.parametrize("attack", ENDS)
def test_attack_without_a_fault_ends_by_itself(log, attack):
    assert f"attack_{attack} has ended with code 0" in said(log)


def test_nothing_forbidden_was_possible(log):
    assert "was possible" not in log.text()
    assert re.search(r"hostile: \d+ unknown system calls were refused, 0 were not", said(log))


def test_endless_loop_at_high_priority_is_held_by_its_budget(log):
    assert re.search(r"^attack_loop +(exhausted|ready) +230 ", log.states, re.M)


def test_victims_are_still_there(log):
    for name in ("uart_driver", "console", "log", "hello_server", "shell", "supervisor"):
        assert re.search(rf"^{name} +(waiting|receiving|awaits reply|ready|running)", log.states, re.M), log.states
