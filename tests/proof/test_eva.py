"""test_eva - `./mullion prove --eva` on small kernels: each alarm must be where WP proves the same, and none stays hidden."""
import json
import sys

import pytest

from test_prove import HERE, Tree

sys.path.insert(0, str(HERE))
import status  # noqa: E402
from kernel import Kernel  # noqa: E402

HEADER = """#pragma once
typedef unsigned u32;
extern u32 table[8];
extern u32 at;

/*@ requires n < 8;
    assigns \\nothing;
    ensures \\result < 8; */
u32 turn(u32 n);

/*@ requires at < 8;
    assigns at;
    ensures at < 8; */
u32 handle(u32 n);
"""
CODE = """#include "a.h"

u32 table[8];
u32 at;

u32 handle(u32 n)
{
	u32 value = table[at];

	at = turn(at);
	return n < 8 ? table[n] : value;
}
"""
ASSEMBLY = "enter:\n\tcall handle\nturn:\n\tret\n"
DRIVER = """#include "../../kernel/a.h"
volatile u32 any;
u32 next;
void entries(void)
{
	switch (any) {
	default:
		next = handle(any);
		break;
	}
}
"""


class Small(Tree):
    def __init__(self, root):
        super().__init__(root)
        self.write("kernel/a.h", HEADER)
        self.write("kernel/a.c", CODE)
        self.write("kernel/c.S", ASSEMBLY)
        self.write("tests/proof/entries.c", DRIVER)
        self.say()

    def say(self, **states):
        """proved.txt for the text that is here; proved if not said otherwise."""
        kernel = Kernel(self.root)
        units = {unit: (kernel.unit_hash(unit), kernel.includes(unit), {f.name: states.get(f.name, "proved") for f in some})
                 for unit, some in kernel.units.items()}
        status.write_proved(self.root / "tests/proof/proved.txt", units, 0)

    def change(self, name, old, new):
        text = (self.root / name).read_text()
        assert old in text
        self.write(name, text.replace(old, new))

    def eva(self):
        """(exit status, report)"""
        done = self.prove("--eva", "--json")
        assert done.returncode in (0, 1), done.stderr
        told = json.loads(done.stdout)
        assert all(problem in done.stderr for problem in told["problems"])
        return done.returncode, told


@pytest.fixture
def small(tmp_path):
    return Small(tmp_path)


def names(told, *texts):
    """Each text stands in one of the problems, and there are no others."""
    problems = told["problems"]
    assert len(problems) == len(texts), problems
    for text in texts:
        assert any(text in problem for problem in problems), (text, problems)


def test_an_alarm_where_wp_proves_the_same_is_explained(small):
    assert small.prove("--record").returncode == 0  # and WP does
    code, told = small.eva()
    assert code == 0 and told["problems"] == []
    alarm, = told["alarms"]
    assert (alarm["file"], alarm["line"], alarm["function"], alarm["kind"], alarm["property"], alarm["by"]) == (
        "kernel/a.c", 8, "handle", "index_bound", "at < 8", "wp")
    assert told["preconditions"] == []  # what Eva knows itself
    assert told["entries"] == ["handle"] and told["functions"] == {"all": 1, "reached": 1, "not_reached": []}
    assert told["statements"]["reached"] == told["statements"]["all"] > 3
    text = small.prove("--eva").stdout
    assert "alarms: 1, of which WP proves 1, at borders 0, open 0" in text and text.endswith("1 passed, 0 failed\n")


def test_what_assembly_requires_is_a_site_of_its_caller(small):
    small.change("kernel/a.c", "turn(at)", "turn(n)")
    small.say()
    code, told = small.eva()
    assert code == 0 and [(one["line"], one["kind"], one["by"]) for one in told["preconditions"]] == [(10, "precondition of turn", "wp")]
    small.say(handle="unproved")
    code, told = small.eva()
    assert code == 1 and any("kernel/a.c:10: handle: precondition of turn: n < 8: the function is open" in p for p in told["problems"])


def test_an_index_check_that_is_gone_is_named_with_its_site(small):
    assert small.prove("--record").returncode == 0
    small.change("kernel/a.c", "n < 8 ? table[n] : value", "n < 9 ? table[n] : value")
    # Before anybody proves it anew nothing of this file counts; afterwards the function is open.
    code, told = small.eva()
    assert code == 1 and any(p.startswith("kernel/a.c:11: handle: index_bound: n < 8: the function is changed since recorded (was "
                                          "proved)") for p in told["problems"]), told["problems"]
    assert small.prove("--record").returncode == 1
    code, told = small.eva()
    assert code == 1 and any(p.startswith("kernel/a.c:11: handle: index_bound: n < 8: the function is open") for p in told["problems"])


def test_a_contract_hides_no_alarm_of_another_function(small):
    """The alarm is in the callee, which is proved, and the fault in the caller, which is not."""
    small.change("kernel/a.c", "u32 handle(u32 n)\n", "/*@ requires n < 8;\n    assigns \\nothing; */\nstatic u32 pick(u32 n)\n{\n"
                 "\treturn table[n];\n}\n\nu32 handle(u32 n)\n")
    small.change("kernel/a.c", "n < 8 ? table[n] : value", "pick(n) + value")
    assert small.prove("--record").returncode == 1
    code, told = small.eva()
    assert {(one["function"], one["property"]): one["by"] for one in told["alarms"]} == {("pick", "n < 8"): "wp", ("handle", "at < 8"): None}
    assert code == 1 and any("handle is open: what is proved of others rests on its contract" in p for p in told["problems"])


def test_a_kind_of_alarm_that_wp_has_no_goal_for_is_a_failure(small):
    """Two pointers into different objects are compared: WP has no goal against that, and it is an error in C."""
    small.change("kernel/a.c", "n < 8 ? table[n]", "&table[0] < &at ? table[0]")
    small.say()
    code, told = small.eva()
    assert code == 1
    names(told, "kernel/a.c:11: handle: ptr_comparison: \\pointer_comparable")
    assert "WP has no such goal there" in told["problems"][0]


def test_a_read_of_a_variable_without_a_value_is_covered_by_its_goal_only(small):
    small.change("kernel/a.c", "\tat = turn(at);\n", "\tu32 more;\n\n\tif (value != 0)\n\t\tmore = 1;\n\tat = turn(at) + more - more;\n")
    assert small.prove("--record").returncode == 1
    code, told = small.eva()
    assert code == 1 and any("handle: initialization: \\initialized(&more): the function is open" in p for p in told["problems"])


def test_an_entry_that_is_not_analysed_is_a_failure(small):
    small.change("kernel/c.S", "enter:\n", "enter:\n\tcall other\n")
    small.change("kernel/a.c", "u32 handle(u32 n)\n", "/*@ assigns \\nothing; */\nvoid other(void)\n{\n}\n\nu32 handle(u32 n)\n")
    small.say()
    code, told = small.eva()
    assert code == 1 and told["functions"]["not_reached"] == ["other"]
    names(told, "kernel/c.S calls other, which tests/proof/entries.c does not")
    text = small.prove("--eva").stdout
    assert "functions reached: 1 of 2; not reached: other" in text


def test_an_entry_that_does_not_come_back_is_a_failure(small):
    small.change("kernel/a.c", "\tat = turn(at);\n", "\tat = turn(at);\n\tfor (;;)\n\t\t;\n")
    small.say()
    code, told = small.eva()
    assert code == 1
    names(told, "not every entry of tests/proof/entries.c comes back")


def test_what_goes_wrong_for_certain_is_a_failure(small):
    small.change("kernel/a.c", "table[n] :", "table[8] :")
    small.say()
    code, told = small.eva()
    assert code == 1 and any("kernel/a.c:11: handle: index_bound: 8 < 8: goes wrong for certain" in p for p in told["problems"])


def test_assembly_without_a_contract_is_a_failure(small):
    text = HEADER[:HEADER.index("/*@")] + "u32 turn(u32 n);\n\n" + HEADER[HEADER.index("/*@ requires at"):]
    small.write("kernel/a.h", text)
    small.say()
    code, told = small.eva()
    assert code == 1 and any("Neither code nor" in p and "turn" in p for p in told["problems"]), told["problems"]


def test_an_alarm_at_a_border_must_be_named(small):
    small.change("kernel/a.c", "\tat = turn(at);\n", "\tat = turn(at) + *(u32 *)0x1000;\n")
    small.say()
    small.write("tests/proof/borders.txt", "function handle a device\nalarm handle index_bound its number is checked\n")
    code, told = small.eva()
    assert code == 1 and any("handle: mem_access" in p and "borders.txt names no such alarm" in p for p in told["problems"])
    small.change("kernel/a.c", " + *(u32 *)0x1000", "")
    small.write("tests/proof/borders.txt", "function handle a device\nalarm handle index_bound its number is checked\n"
                "alarm handle mem_access a register\n")
    small.say()
    code, told = small.eva()
    assert told["alarms"][0]["by"] == "border" and code == 1
    assert "tests/proof/borders.txt names an alarm that is not raised: handle mem_access" in told["problems"]
    small.write("tests/proof/borders.txt", "alarm handle\n")
    done = small.prove("--eva")
    assert done.returncode == 2 and "borders.txt:1" in done.stderr


def test_a_function_that_is_not_proved_is_named(small):
    small.say(handle="unproved")
    code, told = small.eva()
    assert code == 1 and any("kernel/a.c:8: handle: index_bound: at < 8: the function is open" in p for p in told["problems"])
    (small.root / "tests/proof/proved.txt").unlink()
    code, told = small.eva()
    assert code == 1 and any("the function is not recorded" in p for p in told["problems"])
