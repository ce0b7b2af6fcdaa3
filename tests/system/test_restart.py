"""restart - every component but the supervisor can be built anew, again and again, and its clients go on."""
import re

import pytest

COMPONENTS = ("uart_driver", "disk_driver", "console", "log", "block", "fat", "shell")


def restarts(machine, component):
    return int(re.search(rf"^{component} .* (\d+)$", machine.run("ps"), re.M)[1])


def read_file(machine):
    """The file server may need a moment for its disk; a client then gets an error that says so, never nothing."""
    for _ in range(30):
        text = machine.run("cat README.TXT")
        if "default system" in text:
            return text
        assert "cannot read" in text
    return text


@pytest.fixture(scope="module")
def restarted():
    from conftest import Machine
    machine = Machine()
    machine.prompt()
    yield machine
    machine.quit()


@pytest.mark.parametrize("component", COMPONENTS)
def test_component_can_be_restarted_and_the_files_are_still_there(restarted, component):
    before = restarts(restarted, component)
    restarted.run(f"restart {component}")
    assert restarts(restarted, component) == before + 1
    assert "default system" in read_file(restarted)


@pytest.mark.parametrize("component", COMPONENTS)
def test_component_can_crash_and_be_restarted(restarted, component):
    restarted.run(f"crash {component}")
    assert "up 0:0" in restarted.run("uptime")
    restarted.run(f"restart {component}")
    assert "default system" in read_file(restarted)


def test_hundred_restarts_use_up_nothing(restarted):
    """A slot or a byte that was left behind would make the construction fail: it fills exactly what it filled before."""
    before = restarts(restarted, "fat")
    for _ in range(100):
        assert "was built anew" in restarted.run("restart fat")
    assert restarts(restarted, "fat") == before + 100
    assert "default system" in read_file(restarted)


def test_supervisor_says_that_it_cannot_be_restarted(restarted):
    assert "cannot restart supervisor" in restarted.run("restart supervisor")
    assert "There is no component `nobody`" in restarted.run("restart nobody")
