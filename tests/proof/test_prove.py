"""test_prove - the driver of the proofs itself, on small kernels made here: nothing wrong passes in silence."""
import json
import os
import pathlib
import re
import shutil
import subprocess
import time

import pytest

HERE = pathlib.Path(__file__).resolve().parent

GOOD = """/*@ requires x < 1000;
    assigns \\nothing;
    ensures more: \\result == x + 1; */
static inline unsigned next(unsigned x)
{
	return x + 1;
}
"""


class Tree:
    """A checkout with a kernel of a few lines."""

    def __init__(self, root):
        self.root = root
        (root / "kernel").mkdir()
        (root / "tests" / "proof").mkdir(parents=True)
        self.write("tests/proof/borders.txt", "# none\n")
        self.record = root / "tests" / "proof" / "recorded.txt"

    def write(self, name, text):
        (self.root / name).write_text(text, encoding="utf-8")

    def prove(self, *arguments, **environment):
        return subprocess.run(["/usr/bin/python3", "-B", str(HERE / "prove.py"), "--root", str(self.root), *arguments],
                              capture_output=True, text=True, timeout=300,
                              env={**os.environ, "MULLION_PROVER_SHORT": "yes", **environment})


@pytest.fixture
def tree(tmp_path):
    return Tree(tmp_path)


def fails(done, *texts):
    assert done.returncode == 1, done.stdout + done.stderr
    for text in texts:
        assert text in done.stdout, done.stdout + done.stderr


def test_a_proved_kernel_is_success(tree):
    tree.write("kernel/a.h", GOOD)
    done = tree.prove()
    assert done.returncode == 0, done.stdout + done.stderr
    assert "functions: 1 of 1 proved, 0 unproved, 0 assumed" in done.stdout


def test_a_goal_that_does_not_prove_is_named(tree):
    tree.write("kernel/a.c", GOOD.replace("return x + 1", "return x + 2"))
    fails(tree.prove(), "kernel/a.c:4: next: unproved: next_ensures_more (z3: ")


def test_a_run_time_error_is_a_goal(tree):
    tree.write("kernel/a.c", "int a[4];\n/*@ requires i <= 4;\n    assigns \\nothing; */\nint get(unsigned i)\n{\n\treturn a[i];\n}\n")
    fails(tree.prove(), "get_assert_rte_index_bound")


def test_an_uninitialized_read_is_a_goal(tree):
    tree.write("kernel/a.c", "/*@ assigns \\nothing; */\nint get(int i)\n{\n\tint n;\n\n\tif (i > 0)\n\t\tn = i;\n\treturn n;\n}\n")
    fails(tree.prove(), "get_assert_rte_initialization")


@pytest.mark.parametrize("static", ["", "static inline "])
def test_a_function_without_contract_is_a_failure(tree, static):
    tree.write("kernel/a.c", f"{static}int two(void)\n{{\n\treturn 2;\n}}\n")
    fails(tree.prove(), "kernel/a.c:1: two: no contract")


@pytest.mark.parametrize("static", ["static _Noreturn", "_Noreturn"])
def test_a_function_that_does_not_return_needs_a_contract_too(tree, static):
    contract = "/*@ assigns \\nothing;\n    ensures \\false; */\n"
    begin = f"{contract}_Noreturn void stop(void);\n"
    end = f"{static} void end(void)\n{{\n\tstop();\n}}\n{contract}void use(void)\n{{\n\tend();\n}}\n"
    tree.write("kernel/entry.S", "stop:\n")
    tree.write("kernel/a.c", begin + contract + end)
    done = tree.prove()
    assert done.returncode == 0, done.stdout + done.stderr
    tree.write("kernel/a.c", begin + end)
    fails(tree.prove(), "end: no contract")


def test_a_contract_without_assigns_is_a_failure(tree):
    tree.write("kernel/a.c", "/*@ ensures \\result == 2; */\nint two(void)\n{\n\treturn 2;\n}\n"
                             "/*@ assigns \\nothing; */\nint use(void)\n{\n\treturn two();\n}\n")
    fails(tree.prove(), "No 'assigns' specification for function 'two'")


def test_a_called_function_without_any_contract_is_a_failure(tree):
    tree.write("kernel/a.c", "int other(void);\n/*@ assigns \\nothing; */\nint use(void)\n{\n\treturn other();\n}\n")
    fails(tree.prove(), "generating default assigns")


LOOP = """/*@ assigns \\nothing; */
int count(int n)
{
	int i = 0;

	/*@ %s */
	while (i < n)
		i++;
	return i;
}
"""


def test_a_loop_needs_a_variant_and_assigns(tree):
    tree.write("kernel/a.c", LOOP % "loop assigns i; loop variant n - i;")
    assert tree.prove().returncode == 0
    tree.write("kernel/a.c", LOOP % "loop assigns i;")
    fails(tree.prove(), "count_terminates")
    tree.write("kernel/a.c", LOOP % "loop variant n - i;")
    fails(tree.prove(), "Missing assigns clause")


@pytest.mark.parametrize("text", ["/*@ axiomatic A { axiom wrong: 1 == 2; } */", "/*@ lemma wrong: 1 == 2; */"])
def test_what_is_taken_for_true_is_a_failure(tree, text):
    tree.write("kernel/a.c", text + "\n" + GOOD)
    fails(tree.prove(), "kernel/a.c:1: ", "nothing may be taken for true")


def test_an_admitted_clause_is_a_failure(tree):
    tree.write("kernel/a.c", GOOD.replace("ensures more: \\result == x + 1", "admit ensures more: \\result == x + 2"))
    fails(tree.prove(), "admit: nothing may be taken for true")


def test_a_hypothesis_of_the_memory_model_is_a_failure_unless_it_is_named(tree):
    tree.write("kernel/a.c", "int g;\n/*@ requires \\valid(p);\n    assigns g, *p; */\nvoid put(int *p)\n{\n\tg = 1;\n\t*p = 2;\n}\n")
    fails(tree.prove(), "WP assumes of its memory model")
    tree.write("tests/proof/borders.txt", "hypothesis put its argument never points at g\n")
    assert tree.prove().returncode == 0


def test_what_is_assumed_is_listed_with_its_reason(tree):
    tree.write("kernel/a.c", "/*@ assigns \\nothing; */\nvoid halt(void)\n{\n\t__asm__ volatile(\"nop\");\n}\n")
    tree.write("tests/proof/borders.txt", "function halt it is one instruction\n")
    done = tree.prove()
    assert done.returncode == 0 and "halt: assumed: it is one instruction" in done.stdout, done.stdout
    tree.write("tests/proof/borders.txt", "halt it is one instruction\n")
    done = tree.prove()
    assert done.returncode == 2 and "borders.txt:1" in done.stderr


def test_a_file_that_does_not_parse_is_a_failure(tree):
    tree.write("kernel/a.c", GOOD.replace("ensures more", "ensures more: nonsense +"))
    fails(tree.prove(), "Frama-C cannot read the file")


GHOST = """/*@ ghost
  %s
  unsigned more(unsigned n)
  {
	return n + 1;
  } */
/*@ requires x < 9; assigns \\nothing; ensures \\result == x; */
unsigned same(unsigned x)
{
	/*@ ghost unsigned m = more(x); */
	return x;
}
"""


def test_a_ghost_function_needs_its_contract_and_is_proved(tree):
    tree.write("kernel/a.c", GHOST % "/@ requires n < 9; assigns \\nothing; ensures more: \\result == n + 1; @/")
    done = tree.prove("--json")
    more, = (f for f in json.loads(done.stdout)["files"][0]["functions"] if f["name"] == "more")
    assert done.returncode == 0 and {"ensures", "assigns"} <= {goal["kind"] for goal in more["goals"]}, done.stdout
    tree.write("kernel/a.c", GHOST % "")
    fails(tree.prove("kernel/a.c:more"), "more: no contract")


def test_a_header_function_is_proved_once(tree):
    tree.write("kernel/a.h", "#pragma once\n" + GOOD)
    for name in "bc":
        tree.write(f"kernel/{name}.c", f'#include "a.h"\n/*@ assigns \\nothing; */\nunsigned {name}_two(void)\n{{\n\treturn next(1);\n}}\n')
    report = json.loads(tree.prove("--json").stdout)
    names = [(f["file"], g["name"]) for f in report["files"] for g in f["functions"]]
    assert names == [("kernel/a.h", "next"), ("kernel/b.c", "b_two"), ("kernel/c.c", "c_two")]


def test_the_report_has_its_form(tree):
    tree.write("kernel/a.c", GOOD)
    report = json.loads(tree.prove("--json").stdout)
    assert set(report) == {"schema", "tools", "options", "limits", "kernel_sha256", "totals", "files"}
    assert report["schema"] == 1 and set(report["tools"]) == {"frama-c", "why3", "z3", "cvc4"}
    assert report["totals"]["functions"] == {"all": 1, "proved": 1, "unproved": 0, "undecided": 0, "assumed": 0,
                                            "clean": 0, "contradiction": 0}
    assert set(report["totals"]["goals"]) == {"goals", "proved", "qed", "z3", "cvc4"}
    file = report["files"][0]
    assert set(file) == {"file", "sha256", "problems", "functions"} and len(file["sha256"]) == 64
    function = file["functions"][0]
    assert set(function) == {"name", "line", "status", "seconds", "problems", "goals"}
    assert all(set(goal) == {"name", "kind", "status", "prover", "steps"} for goal in function["goals"])
    assert {"ensures", "assigns", "terminates"} <= {goal["kind"] for goal in function["goals"]}


# Qed does not prove this one, so that a prover is asked.
HARD = """/*@ requires \\forall integer i; 0 <= i < 8 ==> 0 < a[i] < 9;
    requires n < 8;
    assigns \\nothing;
    ensures small: 0 < \\result < %d; */
"""
HARD_CODE = "unsigned first(unsigned n)\n{\n\treturn a[n];\n}\n"


def hard(bound):
    return "unsigned a[8];\n" + HARD % bound + HARD_CODE


def without(tree, *names):
    """A PATH with Frama-C on it and some programs not."""
    folder = tree.root / "-".join(("without", *names))
    folder.mkdir()
    for directory in ("/usr/bin", "/bin"):
        for path in pathlib.Path(directory).iterdir():
            if path.name not in names and not (folder / path.name).exists():
                (folder / path.name).symlink_to(path)
    return str(folder)


def test_goals_are_the_same_without_a_compiler_of_ocaml(tree):
    tree.write("kernel/a.c", hard(9))
    assert tree.prove("--record").returncode == 0
    assert (tree.root / "build" / "proof" / "young_memory.cmxs").exists()
    shutil.rmtree(tree.root / "build")
    done = tree.prove("--replay", PATH=without(tree, "ocamlopt"))
    assert done.returncode == 0, done.stdout + done.stderr
    assert not (tree.root / "build" / "proof" / "young_memory.cmxs").exists()


def test_recorded_results_are_replayed_without_a_prover(tree):
    tree.write("kernel/a.c", hard(9))
    assert tree.prove("--record").returncode == 0
    shutil.rmtree(tree.root / "build")
    path = without(tree, "z3", "cvc4")
    assert tree.prove("--replay", PATH=path).returncode == 0
    # Another goal is never met by the old entry.
    tree.write("kernel/a.c", hard(10))
    fails(tree.prove("--replay", PATH=path), "undecided: first_ensures_small", "--replay asks no prover")


TWO = """/*@ requires x < 1000; assigns \\nothing; ensures \\result == x + %d; */
static unsigned more(unsigned x)
{
	return x + %d;
}
/*@ requires x < 500; assigns \\nothing; ensures \\result > x; */
unsigned much(unsigned x)
{
	return more(x) + %d;
}
"""


def counting(tree):
    """A PATH whose frama-c notes of which functions it makes the goals, and a function that says which since the last call, or
    which of them for one prover."""
    log, folder = tree.root / "calls", tree.root / "bin"
    folder.mkdir()
    (folder / "frama-c").write_text(f'#!/bin/sh\necho "$*" >>{log}\nexec {shutil.which("frama-c")} "$@"\n')
    (folder / "frama-c").chmod(0o755)

    def made(prover=""):
        text = log.read_text() if log.exists() else ""
        if not prover:
            log.unlink(missing_ok=True)
        return sorted(name for names in re.findall(rf"-wp-prover {prover}.* -wp-fct (\S+)", text) for name in names.split(","))

    return f"{folder}:{os.environ['PATH']}", made


def test_goals_are_made_again_only_where_something_changed(tree):
    path, made = counting(tree)
    tree.write("kernel/a.c", TWO % (2, 2, 3))
    assert tree.prove(PATH=path).returncode == 0 and made() == ["more", "much"]
    assert tree.prove(PATH=path).returncode == 0 and made() == []
    tree.write("kernel/a.c", "/* A comment. */\n\n" + TWO % (2, 2, 4))
    assert tree.prove(PATH=path).returncode == 0 and made() == ["much"], "only lines are others, and the body of one"
    tree.write("kernel/a.c", "/* A comment! */\n" + TWO % (2, 2, 3))
    assert tree.prove(PATH=path).returncode == 0 and made() == []
    tree.write("kernel/a.c", "/* A comment! */\n" + TWO % (2, 3, 3))
    fails(tree.prove(PATH=path), "more: unproved: more_ensures")
    assert made() == ["more", "more"], "for the other prover too"
    tree.write("kernel/a.c", TWO % (1, 1, 0))
    assert tree.prove(PATH=path).returncode == 0 and made() == ["more", "much"]
    assert tree.prove("--no-cache", PATH=path).returncode == 0 and made() == ["more", "much"]
    assert tree.prove("--replay", PATH=path).returncode in (0, 1) and made() == ["more", "much"]


def test_goals_that_are_recorded_are_compared_and_not_written_for_provers(tree):
    path, made = counting(tree)
    tree.write("kernel/a.c", TWO % (2, 2, 3))
    assert tree.prove("--record").returncode == 0
    good, report = tree.record.read_text(), []

    def again(*arguments):
        shutil.rmtree(tree.root / "build")
        done = tree.prove("--json", *arguments, PATH=path)
        assert done.returncode == 0, done.stdout
        report.append([[{**f, "seconds": 0} for f in file["functions"]] for file in json.loads(done.stdout)["files"]])
        return {prover: names for prover in ("qed", "z3") if (names := made(prover))}, made() and None

    assert again("--no-cache") == ({"z3": ["more", "much"]}, None)
    assert again() == ({"qed": ["more", "much"]}, None) and again("--replay") == ({"qed": ["more", "much"]}, None)
    # Goals, results or a text that are not those of the record: each goal is looked for as the prover reads it.
    head = next(line for line in good.splitlines() if " more " in line)
    tree.record.write_text(good.replace(head, head[:-1] + ("1" if head[-1] == "0" else "0")))
    assert again() == ({"qed": ["more", "much"], "z3": ["more"]}, None)
    tree.record.write_text(good.replace(head, head.replace(head.split()[2], "0" * 32)))
    assert again() == ({"qed": ["much"], "z3": ["more"]}, None)
    entry = next(line for line in good.splitlines() if line.startswith(" "))
    tree.record.write_text(good.replace(entry, entry.replace(entry.split()[2], "1")))
    assert again("--no-cache") == ({"z3": ["more", "much"]}, None)
    assert all(one == report[0] for one in report), "all say the same of each goal"
    assert again()[0]["z3"], "steps that nobody counted"
    tree.record.write_text(good)
    assert tree.prove("--record").returncode == 0 and tree.record.read_text() == good


def test_a_record_is_not_of_the_lines_where_things_stand(tree):
    path, made = counting(tree)
    # Of the pragma the preprocessor speaks behind the goals.
    tree.write("kernel/a.h", "#pragma once\n/*@ requires n < 9; assigns \\nothing; ensures \\result == n; */\n"
               "static inline unsigned same(unsigned n) { return n; }\n")
    tree.write("kernel/a.c", '#include "a.h"\n' + TWO % (2, 2, 3) + """/*@ assigns \\nothing; ensures \\result == 7; */
unsigned seven(void)
{
	/*@ assert here: 1 == 1; */
	return same(more(0) + 5);
}
""")
    assert tree.prove("--record").returncode == 0
    for name in ("a.h", "a.c"):
        tree.write(f"kernel/{name}", "/* Some\n lines\n more. */\n\n" + (tree.root / "kernel" / name).read_text())
        shutil.rmtree(tree.root / "build")
        assert tree.prove(PATH=path).returncode == 0
        assert made("z3") == [] and made() == ["more", "much", "same", "seven"]


def test_a_record_is_of_the_goals_and_not_of_the_text_alone(tree):
    path, made = counting(tree)

    def record(number):
        tree.write("kernel/a.c", TWO % (number, number, 3))
        assert tree.prove("--record").returncode == 0
        return next(line for line in tree.record.read_text().splitlines() if " more " in line)

    other = record(4).split()
    own = record(2).split()
    tree.record.write_text(tree.record.read_text().replace(own[3], other[3]))
    shutil.rmtree(tree.root / "build")
    assert tree.prove(PATH=path).returncode == 0
    assert made("z3") == ["more"] and made() == ["more", "more", "much"], "the goals of another text under this one's hash"


BOTH = """unsigned a[8], b[8];
/*@ predicate small(integer n) = \\forall integer i; 0 <= i < 8 ==> a[i] * n < 81;
    predicate positive(integer n) = \\forall integer i; 0 <= i < 8 ==> 0 < a[i] * n; */
/*@ requires \\forall integer i; 0 <= i < 8 ==> 0 < a[i] < 9 && b[i] == a[i];
    requires n < 8;
    assigns \\nothing;
    ensures both: positive(\\result) && small(\\result) && (a[n] == 7 ==> \\result == 7) && %s; */
unsigned first(unsigned n)
{
	return a[n];
}
"""


def test_a_conjunction_is_proved_part_by_part(tree):
    tree.write("kernel/a.c", BOTH % "b[n] == \\result")
    report = json.loads(tree.prove("--json", "--record").stdout)
    names = [goal["name"] for goal in report["files"][0]["functions"][0]["goals"] if goal["kind"] == "ensures"]
    assert {"first_ensures_both_positive", "first_ensures_both_small"} < set(names) and len(names) >= 3, names
    assert report["totals"]["functions"]["proved"] == 1 and len(re.findall(" (?:bare|near|z3) ", tree.record.read_text())) >= 3
    tree.write("kernel/a.c", (BOTH % "b[n] == \\result").replace("n < 81", "n < 9"))
    fails(tree.prove(), "unproved: first_ensures_both_small (z3", "functions: 0 of 1 proved")
    tree.write("kernel/a.c", BOTH % "(b[n] == 3 || small(b[n]) && b[n] == 9)")
    done = tree.prove()
    fails(done, "unproved: first_ensures_both_part")
    assert "unproved: first_ensures_both_small" not in done.stdout


def test_what_follows_from_something_inside_a_conjunction_is_proved_part_by_part(tree):
    def ensures():
        goals = json.loads(tree.prove("--json").stdout)["files"][0]["functions"][0]["goals"]
        return {goal["name"]: goal["status"] for goal in goals if goal["name"].startswith("first_ensures")}
    tree.write("kernel/a.c", BOTH % "(a[n] == 5 ==> positive(b[n]) && (n > 3 ==> small(b[n]) && positive(a[n])))")
    good = ensures()
    assert len(good) == 5 and set(good.values()) == {"proved"}, good
    tree.write("kernel/a.c", BOTH % "(a[n] == 5 ==> positive(b[n]) && (n > 3 ==> small(3 * b[n]) && positive(a[n])))")
    assert sum(status == "unproved" for status in ensures().values()) == 1, "only the part that is false"
    tree.write("kernel/a.c", BOTH % "(a[n] == 10 ==> small(2 * b[n]))")
    assert set(ensures().values()) == {"proved"}, "what it follows from is forgotten"


def test_goals_that_only_the_second_prover_proves_are_recorded_once(tree):
    tree.write("kernel/a.c", hard(9))
    environment = {"MULLION_PROVER_SECONDS": "60", "PATH": without(tree, "z3")}
    done = tree.prove("--record", **environment)
    assert done.returncode == 0 and " cvc4 " in tree.record.read_text(), done.stdout + done.stderr
    shutil.rmtree(tree.root / "build")
    assert tree.prove("--replay", PATH=without(tree, "z3", "cvc4")).returncode == 0


def test_a_proof_without_cache_asks_first_whom_the_record_names(tree):
    path, made = counting(tree)
    log = tree.root / "asked"
    for prover in ("z3", "cvc4"):
        (tree.root / "bin" / prover).write_text(
            f'#!/bin/sh\ncase "$*" in *rlimit*) echo {prover} >>{log} ;; esac\nexec {shutil.which(prover)} "$@"\n')
        (tree.root / "bin" / prover).chmod(0o755)
    tree.write("kernel/a.c", hard(9))
    assert tree.prove("--record", MULLION_PROVER_SECONDS="60", PATH=without(tree, "z3")).returncode == 0
    by_cvc4, good = tree.record.read_text().count(" cvc4 "), tree.record.read_bytes()
    done = tree.prove("--no-cache", PATH=path)
    assert done.returncode == 0 and log.read_text() == "cvc4\n" * by_cvc4, "nobody else, and everybody anew"
    assert made("z3,cvc4") == ["first"] and made() == ["first"], "written for both at once"
    assert tree.prove("--smoke", PATH=path).returncode == 0 and not made("z3,cvc4") and made(), "smoke asks Z3 only"
    # It is advice: the goal of this name may be another now, which whoever was named does not prove.
    log.unlink()
    tree.write("kernel/a.c", hard(8))
    fails(tree.prove("--no-cache", PATH=path), "unproved: first_ensures_small_part2 (cvc4: ")
    assert {"cvc4", "z3"} == set(log.read_text().split())
    tree.record.write_bytes(good.replace(b" cvc4 ", b" bare "))
    tree.write("kernel/a.c", hard(9))
    assert tree.prove("--no-cache", PATH=path).returncode == 0


def test_two_runs_count_the_same_steps(tree):
    tree.write("kernel/a.c", hard(9))
    assert tree.prove("--record", "--no-cache").returncode == 0
    first = tree.record.read_bytes()
    assert tree.prove("--record", "--no-cache").returncode == 0
    assert tree.record.read_bytes() == first and re.search(rb" (bare|near|z3) ", first)


def test_a_damaged_record_is_noticed(tree):
    tree.write("kernel/a.c", hard(9))
    assert tree.prove("--record").returncode == 0
    good = tree.record.read_text()
    key = good.splitlines()[-1].split()[0]
    tree.record.write_text(good.replace(key, key[:-1]))
    done = tree.prove()
    assert done.returncode == 2 and "recorded.txt:" in done.stderr, done.stderr
    # Another key is another goal: the entry says nothing any more.
    tree.record.write_text(good.replace(key, "0" * 32))
    shutil.rmtree(tree.root / "build")
    fails(tree.prove("--replay"), "undecided: first_")


def test_what_cannot_be_read_is_said(tree):
    tree.write("kernel/a.c", GOOD)
    tree.record.mkdir()
    done = tree.prove()
    assert done.returncode == 2 and "recorded.txt" in done.stderr and "Traceback" not in done.stderr, done.stderr


def test_a_run_that_is_told_to_end_leaves_nothing(tree):
    tree.write("kernel/a.c", hard(8))
    run = subprocess.Popen(["/usr/bin/python3", "-B", str(HERE / "prove.py"), "--root", str(tree.root), "--no-cache"],
                           stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env={**os.environ, "TMPDIR": str(tree.root)})
    end = time.monotonic() + 60
    while not asked(tree) and time.monotonic() < end and run.poll() is None:
        time.sleep(0.05)
    assert asked(tree), "no prover was asked"
    run.terminate()
    assert run.wait(30) == 130
    assert not asked(tree) and not list((tree.root / "build/proof").glob("goals.*"))


def asked(tree):
    """The provers that read a text of this tree."""
    found = []
    for path in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = path.read_bytes()
        except OSError:
            continue
        if words.split(b"\0")[0].endswith((b"z3", b"cvc4")) and str(tree.root).encode() in words:
            found.append(path)
    return found


def test_an_entry_that_lies_is_found_by_a_proof_without_cache(tree):
    tree.write("kernel/a.c", hard(8))
    fails(tree.prove("--record"), "unproved: first_ensures_small")
    lines = (tree.root / "build/proof/results.txt").read_text().splitlines()
    keys = {line.split()[0] for line in lines} - {line.split()[0] for line in lines if " valid " in line}
    lie = "".join(f" {key} z3 1000 ensures_small\n" for key in sorted(keys))
    assert "kernel/a.c first\n" in tree.record.read_text()
    tree.record.write_text(tree.record.read_text() + lie)
    assert tree.prove("--replay").returncode == 0
    fails(tree.prove("--no-cache"), "unproved: first_ensures_small")


def test_a_prover_that_gets_no_time_leaves_the_goal_undecided(tree):
    tree.write("kernel/a.c", hard(9))
    done = tree.prove(MULLION_PROVER_SECONDS="0.0001")
    fails(done, "undecided: first_", "this machine is too slow", "MULLION_PROVER_SECONDS")
    assert tree.prove().returncode == 0


def test_a_contradiction_is_found_by_smoke(tree):
    tree.write("kernel/a.c", GOOD)
    assert tree.prove("--smoke").returncode == 0
    tree.write("kernel/a.c", GOOD.replace("requires x < 1000", "requires x < 1000 && x > 1000"))
    assert tree.prove().returncode == 0
    fails(tree.prove("--smoke"), "kernel/a.c:4: next: false is proved under the contract of next")


def test_a_dead_branch_is_found_by_smoke(tree):
    tree.write("kernel/a.c", GOOD.replace("\treturn", "\tif (x == 2000)\n\t\tx = 7;\n\treturn"))
    fails(tree.prove("--smoke"), "next: false is proved before the statement `x = (unsigned int)7;`")


def test_a_dead_call_is_found_by_smoke_in_its_caller(tree):
    tree.write("kernel/a.c", GOOD + """/*@ requires x < 9; assigns \\nothing; exits \\false; */
unsigned late(unsigned x)
{
	return x + 1;
}
/*@ requires x < 9; assigns \\nothing; */
unsigned twice(unsigned x)
{
	if (next(x) > x + 1)
		return late(x);
	return next(next(x));
}
""")
    done = tree.prove("--smoke")
    fails(done, "twice: false is proved", "functions: 2 of 3 clean")
    assert "late: false" not in done.stdout and "next: false" not in done.stdout, done.stdout


BELIEVED = """/*@ assigns \\nothing;
    ensures \\result == 7; */
int f(void)
{
%s
	return 8;
}
"""


@pytest.mark.parametrize("before, inside, text", [
    ("/*@ ghost /@ assigns \\nothing; ensures \\false; @/ void magic(void); */\n", "\t/*@ ghost magic(); */", "magic has a contract"),
    ("/*@ assigns \\nothing; ensures \\false; */\nvoid magic(void);\n", "\tmagic();", "magic has a contract"),
    ("#define TRUST admit\n", "\t/*@ TRUST \\false; */", "admit, by way of a macro"),
    ("/*@ lem\\\nma bad: \\false; */\n", "", "lemma, by way of a macro"),
    ('/*@ predicate q = "//" == "//"; */ /*@ lemma bad: \\false; */\n', "", "nothing may be taken for true"),
    ('#include "more.inc"\n', "", "no header of the kernel"),
    ("#define CLOBBER() __asm__ volatile(\"nop\" : : : \"memory\")\n", "\tCLOBBER();", "inline assembly"),
], ids=["ghost", "prototype", "macro", "splice", "string", "include", "assembly"])
def test_what_nobody_proves_is_not_believed(tree, before, inside, text):
    tree.write("kernel/more.inc", "/*@ axiomatic A { axiom bad: \\false; } */\n")
    tree.write("kernel/a.c", before + BELIEVED % inside)
    done = tree.prove("--record")
    fails(done, text)
    assert " f proved" not in (tree.root / "tests/proof/proved.txt").read_text(), "it is recorded all the same"


@pytest.mark.parametrize("inside, text", [
    ("\tif (__STDC_HOSTED__ != 0)\n\t\treturn 7;\n", "it depends on what compilers predefine"),
    ("\tif ('\\xff' < 0)\n\t\treturn 7;\n", "the prover may read it otherwise"),
    ("#ifndef __riscv\n\treturn 7;\n#endif\n", "the prover may read it otherwise"),
    ("%:ifdef __OPTIMIZE__\n#else\n\treturn 7;\n#endif\n", "the prover may read it otherwise"),
    ("#if\\\ndef __riscv\n#else\n\treturn 7;\n#endif\n", "the prover may read it otherwise"),
    ("\t// what? really??/\n\treturn 7;\n", "a trigraph"),
    ("#define PASTE(a, b) a##b\n\tif (PASTE(__STDC_HO, STED__))\n\t\treturn 7;\n", "it depends on what compilers predefine"),
], ids=["hosted", "character", "branch", "digraph", "splice", "trigraph", "pasted"])
def test_what_the_compiler_reads_otherwise_is_not_proved(tree, inside, text):
    """The prover would see `return 7`, the compiler of the target `return 8` (or the other way round)."""
    tree.write("kernel/a.c", BELIEVED.replace("== 7", ">= 7") % inside)
    fails(tree.prove(), text)


def test_a_contract_stands_where_it_is_proved(tree):
    tree.write("kernel/a.c", "/*@ assigns \\nothing;\n    ensures \\result == 7; */\nint g(void);\n\n" +
               BELIEVED.replace("return 8", "return g()") % "")
    tree.write("kernel/b.c", "/*@ assigns \\nothing; */\nint g(void)\n{\n\treturn 8;\n}\n")
    fails(tree.prove(), "it has a contract of g, which kernel/b.c does not read")


def test_a_file_without_functions_is_not_passed_over(tree):
    tree.write("kernel/a.c", GOOD)
    tree.write("kernel/b.c", "int\nevil(void)\n{\n\treturn 8;\n}\n")
    done = tree.prove()
    assert done.returncode == 1 and "kernel/b.c has no function" in done.stderr, done.stdout + done.stderr


def test_a_macro_in_a_body_counts_behind_it(tree):
    text = ("/*@ assigns \\nothing; */\nint o(void)\n{\n#define LIMIT %d\n\treturn 0;\n}\n\n" +
            BELIEVED.replace("return 8", "return LIMIT") % "")
    tree.write("kernel/a.c", text % 7)
    assert tree.prove().returncode == 0
    tree.write("kernel/a.c", text % 8)
    fails(tree.prove(), "f: unproved")


@pytest.mark.parametrize("local", ["int n, m = 3;", "int m = 3, n;"])
def test_the_second_of_two_locals_may_have_no_value(tree, local):
    tree.write("kernel/a.c", BELIEVED.replace("return 8", "return n + 0 * m") % f"\t{local}")
    fails(tree.prove(), "rte_initialization")


def test_what_is_not_there_is_said(tree):
    tree.write("kernel/a.c", GOOD)
    tree.write("kernel/empty.h", "")
    for wrong, text in (("kernel/empty.h", "files that do: kernel/a.c"), ("kernel/b.c", "there is no file kernel/b.c"),
                        ("next", "write FILE or FILE:FUNCTION"), ("kernel/a.c:other", "no function other"),
                        ("kernel/a.c:", "names no function behind the colon"), ("--machine=virt", "goes with --status only")):
        done = tree.prove(wrong)
        assert done.returncode == 2 and text in done.stderr, done.stderr
    done = tree.prove("--status", "--machine", "nosuch")
    assert done.returncode == 2 and "there is no machine 'nosuch'" in done.stderr, done.stderr


def test_a_file_may_be_named_in_other_ways(tree):
    tree.write("kernel/a.c", GOOD)
    for name in ("./kernel/a.c", "kernel/../kernel/a.c:next", str(tree.root / "kernel/a.c")):
        done = tree.prove(name)
        assert done.returncode == 0 and "kernel/a.c" in done.stdout, done.stderr


MUTANT = """# file: kernel/a.c
# fault: one too many
# caught by: prove next_ensures_more
--- a/kernel/a.c
+++ b/kernel/a.c
@@ -5,3 +5,3 @@
 {
-	return x + 1;
+	return %s;
 }
"""


def test_a_mutant_that_breaks_no_goal_is_a_failure(tree):
    tree.write("kernel/a.c", GOOD)
    (tree.root / "tests/proof/mutants").mkdir()
    tree.write("tests/proof/mutants/more.patch", MUTANT % "x + 2")
    done = tree.prove("--mutants")
    assert done.returncode == 0 and "next_ensures_more" in done.stdout, done.stdout + done.stderr
    assert done.stdout.endswith("1 passed, 0 failed\n")
    tree.write("tests/proof/mutants/same.patch", MUTANT % "1 + x")
    tree.write("tests/proof/mutants/old.patch", MUTANT.replace("x + 1", "x + 9") % "x")
    tree.write("tests/proof/mutants/headless.patch", MUTANT.replace("# fault", "# what") % "x")
    tree.write("tests/proof/mutants/slipped.patch", MUTANT.replace("next_ensures", "last_ensures") % "x + 2")
    fails(tree.prove("--mutants"), "SURVIVES same", "error    old", "does not fit any more", "error    headless",
          "error    slipped", "the patch changes next, whose goal last_ensures_more is not", "1 passed, 4 failed")
    done = tree.prove("--mutants", "tests/proof/mutants/more.patch")
    assert done.returncode == 0 and done.stdout.endswith("1 passed, 0 failed\n"), done.stdout + done.stderr
    tree.write("kernel/b.c", GOOD.replace("next", "other"))
    for wrong, text in ((["kernel/b.c"], "there is no mutant of kernel/b.c"), (["--json"], "without --json"), (["--replay"], "--replay")):
        done = tree.prove("--mutants", *wrong)
        assert done.returncode == 2 and text in done.stderr and not done.stdout, done.stdout + done.stderr


def test_a_mutant_whose_goal_gets_no_answer_in_time_neither_survives_nor_is_caught(tree):
    tree.write("kernel/a.c", GOOD)
    (tree.root / "tests/proof/mutants").mkdir()
    tree.write("tests/proof/mutants/more.patch", MUTANT % "x + 2")
    assert tree.prove("--record").returncode == 0
    fails(tree.prove("--mutants", MULLION_PROVER_SECONDS="0.001"), "error    more", "next_ensures_more: no answer in 0 s",
          "0 passed, 1 failed")


def test_checks_that_are_listed_as_not_noticed_are_there():
    import guards

    assert not set(guards.listed()) - {(g.file, g.function, g.text) for g in guards.all_guards()}


HOST = """#include <stdio.h>
unsigned next(unsigned);
#define T(name) { #name, name }
static int one_is_added(void)
{
	return next(1) == 2;
}
static int five_is_not_reached(void)
{
	return next(4) != 5;
}
static struct { const char *name; int (*run)(void); } tests[] = { T(one_is_added), T(five_is_not_reached) };
int main(void)
{
	int wrong = 0;

	for (int i = 0; i < 2; i++) {
		int good = tests[i].run();
		printf("%s %s\\n", good ? "ok" : "not ok", tests[i].name);
		wrong |= !good;
	}
	return wrong;
}
"""


def test_a_mutant_that_no_test_notices_is_a_failure(tree):
    tree.write("kernel/a.c", GOOD.replace("static inline ", ""))
    (tree.root / "tests/proof/mutants").mkdir()
    (tree.root / "tests/host/kernel").mkdir(parents=True)
    tree.write("tests/host/kernel/main.c", HOST)
    mutant = MUTANT.replace("prove next_ensures_more", "host %s")
    tree.write("tests/proof/mutants/more.patch", mutant % ("one_is_added", "x + 2"))
    done = tree.prove("--mutants")
    assert done.returncode == 0 and "caught   more" in done.stdout, done.stdout + done.stderr
    tree.write("tests/proof/mutants/same.patch", mutant % ("one_is_added", "1 + x"))
    tree.write("tests/proof/mutants/always.patch", mutant % ("five_is_not_reached", "x + 2"))
    tree.write("tests/proof/mutants/nowhere.patch", mutant % ("two_is_added", "x + 2"))
    tree.write("tests/proof/mutants/broken.patch", mutant % ("one_is_added", "x +"))
    tree.write("tests/proof/mutants/other.patch", (mutant % ("one_is_added", "x + 2")).replace("file: kernel/a.c", "file: kernel/b.c"))
    fails(tree.prove("--mutants"), "caught   more", "SURVIVES same", "fails without the fault too", "has no test two_is_added",
          "error    broken", "changes another file than it names", "1 passed, 5 failed")


def test_a_function_that_was_proved_must_stay_so(tree):
    tree.write("kernel/a.c", GOOD)
    assert tree.prove("--record").returncode == 0
    assert tree.prove("--listed").stdout.endswith("1 passed, 0 failed\n")
    tree.write("kernel/a.c", GOOD.replace("return x + 1", "return x + 2"))
    fails(tree.prove("--listed"), "next_ensures_more", "0 passed, 1 failed")
    done = tree.prove("--record")
    assert done.returncode == 1 and "was proved and is not any more" in done.stderr
    assert " next lost" in (tree.root / "tests/proof/proved.txt").read_text()
    tree.write("kernel/a.c", GOOD.replace("next", "after"))
    done = tree.prove("--listed")
    assert done.returncode == 1 and "does not exist any more" in done.stderr
