"""replay - a sequence of system calls on the real machine answers what the abstract model answers."""
import subprocess

from conftest import ROOT, Machine

STEPS = 3000
BATCH = 40


def expected():
    """The sequence and the model's answers: lines 'a7 a0 ... a6 = a0 a1 a2'."""
    done = subprocess.run([str(ROOT / "tests/model/run"), "--replay", str(STEPS)], capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stdout + done.stderr
    return [tuple(part.strip() for part in line.split("=")) for line in done.stdout.splitlines() if "=" in line]


def test_a_generated_sequence_answers_what_the_model_says():
    sequence = expected()
    assert len(sequence) == STEPS
    worlds = (ROOT / "tests/model/worlds.h").read_text(encoding="utf-8")
    machine = Machine("--system", "replay", timeout=120)
    match = machine.expect(r"replay: spare ([0-9a-f]+) ([0-9a-f]+) pool ([0-9a-f]+) ([0-9a-f]+)\s")
    for name, value in zip(("REPLAY_SPARE", "REPLAY_SPARES", "REPLAY_POOL"), match.groups()):
        assert f"#define {name} {int(value, 16)}u" in " ".join(worlds.split()).replace("#define", "\n#define"), name
    for at in range(0, len(sequence), BATCH):
        part = sequence[at:at + BATCH]
        machine.child.send("".join(call + "\r" for call, _ in part))
        for number, (call, answer) in enumerate(part, at):
            seen = machine.expect(r"= ([0-9a-f]+ [0-9a-f]+ [0-9a-f]+)\s")[1]
            assert seen == answer, f"step {number}: {call}: the machine answers {seen}, the model {answer}"
    machine.quit()
